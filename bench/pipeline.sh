#!/usr/bin/env bash
# Many statements in one round trip: coropg's pipelines against libpq's pipeline mode.
# Usage: pipeline.sh BUILD_DIR [--rounds R]; README.md has the rest.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
parse_arguments "$@"
set_up_database
settle

# run NAME TITLE MODE QUERIES [COMMAND...]: one contest, started by the command if there is one.
run() {
    local name=$1 title=$2 mode=$3 queries=$4
    shift 4
    "$@" "$python" "$here/runner.py" --title "$title" --rounds "$rounds" --queries "$queries" \
        --json "$build/bench/$name.json" --baseline libpq \
        --contestant "libpq=$build/bench/pipeline_libpq $mode" \
        --contestant "coropg::sync=$build/bench/pipeline_coropg_sync $mode" \
        --contestant "coropg=$build/bench/pipeline_coropg $mode"
}

if pin_server; then
    run pipeline_insert_pinned "One pipeline of 100,000 INSERTs, client and server on one core" insert 100000 \
        taskset -c "$core"
    run pipeline_select_pinned "Pipelines of 64 point selects, client and server on one core" select 20000 \
        taskset -c "$core"
    unpin_server
else
    echo "skipped the pinned part: the server is not on this machine, or its affinity can't be changed from here" >&2
fi
run pipeline_insert "One pipeline of 100,000 INSERTs, client and server wherever the kernel puts them" insert 100000
run pipeline_select "Pipelines of 64 point selects, client and server wherever the kernel puts them" select 20000
