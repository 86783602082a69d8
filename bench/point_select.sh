#!/usr/bin/env bash
# One row by its key, one query after the other: coropg against raw libpq and against Python's drivers.
# Usage: point_select.sh BUILD_DIR [--rounds R]; README.md has the rest.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
parse_arguments "$@"
set_up_database
settle

# run NAME TITLE [COMMAND...]: one contest, started by the command if there is one.
run() {
    local name=$1 title=$2
    shift 2
    "$@" "$python" "$here/runner.py" --title "$title" --rounds "$rounds" --json "$build/bench/$name.json" \
        --baseline libpq \
        --contestant "libpq=$build/bench/point_select_libpq" \
        --contestant "Asio on libpq=$build/bench/point_select_asio" \
        --contestant "coropg::sync=$build/bench/point_select_coropg_sync" \
        --contestant "coropg::sync struct=$build/bench/point_select_coropg_sync struct" \
        --contestant "coropg::sync timeout=$build/bench/point_select_coropg_sync timeout" \
        --contestant "coropg=$build/bench/point_select_coropg" \
        --contestant "coropg struct=$build/bench/point_select_coropg struct" \
        --contestant "coropg timeout=$build/bench/point_select_coropg timeout" \
        --slow "asyncpg=$python $here/point_select_asyncpg.py" \
        --slow "psycopg=$python $here/point_select_psycopg.py" \
        --slow "SQLAlchemy column=$python $here/point_select_sqlalchemy.py column" \
        --slow "SQLAlchemy=$python $here/point_select_sqlalchemy.py"
}

if pin_server; then
    run point_select_pinned "Point select, client and server on one core" taskset -c "$core"
    unpin_server
else
    echo "skipped the pinned part: the server is not on this machine, or its affinity can't be changed from here" >&2
fi
run point_select_unpinned "Point select, client and server wherever the kernel puts them" env
