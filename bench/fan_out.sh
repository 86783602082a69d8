#!/usr/bin/env bash
# Point selects over 4 connections, as many as they can: 64 coroutines of coropg against raw libpq and pgbench.
# Usage: fan_out.sh BUILD_DIR [--rounds R]; README.md has the rest.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
parse_arguments "$@"
set_up_database

pgbench=$(pg_program pgbench)
contestants=() baseline="libpq unpipelined"
if [ -n "$pgbench" ]; then
    # Reads the table into shared_buffers as well, as setup.sql does with its own.
    count='SET enable_seqscan = off; SET enable_bitmapscan = off;
           SELECT count(abalance) FROM pgbench_accounts WHERE aid > 0'
    if [ "$(ask -c "$count" 2>/dev/null)" != 1000000 ]; then
        said=$(PGOPTIONS='-c client_min_messages=warning' "$pgbench" -i -q -s 10 "$COROPG_DSN" 2>&1) ||
            { echo "$said" >&2; exit 1; }
        ask -c "$count" >/dev/null
    fi
    # The two tables and their indexes need some 230 MB.
    if [ "$(ask -c "SELECT pg_size_bytes(current_setting('shared_buffers')) < 268435456")" = t ]; then
        echo "note: shared_buffers is too small for both tables, which slows all contestants and pgbench -S most" >&2
    fi
    baseline="pgbench -S"
    contestants+=(
        --contestant "pgbench -S=$python $here/fan_out_pgbench.py $pgbench"
        --contestant "pgbench -f=$python $here/fan_out_pgbench.py $pgbench $here/fan_out_users.sql"
    )
else
    echo "skipped pgbench: not found; set COROPG_PG_BIN" >&2
fi
contestants+=(
    --contestant "libpq unpipelined=$build/bench/fan_out_libpq"
    --contestant "libpq pipelined=$build/bench/fan_out_libpq pipeline"
    --contestant "coropg=$build/bench/fan_out_coropg"
    --contestant "coropg::pool=$build/bench/fan_out_coropg pool"
    --slow "asyncpg pool=$python $here/fan_out_asyncpg.py"
)
settle

"$python" "$here/runner.py" --title "Fan-out: point selects over 4 connections, client on one thread" \
    --rounds "$rounds" --queries 50000 --throughput --json "$build/bench/fan_out.json" \
    --baseline "$baseline" "${contestants[@]}"
