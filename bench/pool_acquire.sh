#!/usr/bin/env bash
# A clean connection of a pool, acquired and given back: what that costs without any statement.
# Usage: pool_acquire.sh BUILD_DIR [--rounds R]; README.md has the rest.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
parse_arguments "$@"

"$python" "$here/runner.py" --title "A pool's acquire and release" --rounds "$rounds" --queries 200000 \
    --unit ns/acquire --json "$build/bench/pool_acquire.json" --baseline coropg \
    --contestant "coropg=$build/bench/pool_acquire_coropg" \
    --contestant "coropg::sync=$build/bench/pool_acquire_coropg sync" \
    --slow "asyncpg=$python $here/pool_acquire_asyncpg.py"
