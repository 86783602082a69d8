# shellcheck shell=bash disable=SC2034
# Sourced by the benchmarks: arguments, the server, the database of the benchmarks, pinning.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${COROPG_BENCH_PYTHON:-/usr/bin/python3}
core=${COROPG_BENCH_CORE:-0}
export PYTHONDONTWRITEBYTECODE=1

usage() {
    echo "usage: $(basename "$0") BUILD_DIR [--rounds R]    (the server: COROPG_DSN, key=value)" >&2
    exit 2
}

# Sets `build` (made absolute) and `rounds`.
parse_arguments() {
    build=''
    rounds=11
    while [ $# -gt 0 ]; do
        case $1 in
            --rounds) [ $# -ge 2 ] || usage; rounds=$2; shift 2 ;;
            --rounds=*) rounds=${1#*=}; shift ;;
            -*) usage ;;
            *) [ -z "$build" ] || usage; build=$1; shift ;;
        esac
    done
    [ -n "$build" ] || usage
    build=$(cd "$build" && pwd)
    case ${COROPG_DSN:-} in
        '') echo "COROPG_DSN is not set" >&2; usage ;;
        postgres://* | postgresql://*) echo "COROPG_DSN must be a key=value string here" >&2; exit 2 ;;
    esac
    [ -x "$python" ] || python=python3
}

# A program of PostgreSQL's: from $COROPG_PG_BIN, else from PATH, else from where pg_config says. Nothing if not found.
pg_program() {
    local found
    found=${COROPG_PG_BIN:+$COROPG_PG_BIN/$1}
    [ -x "$found" ] || found=$(command -v "$1") || found=$(pg_config --bindir 2>/dev/null)/$1
    if [ -x "$found" ]; then echo "$found"; fi
}

ask() { "$psql" -XAtq -v ON_ERROR_STOP=1 -d "$COROPG_DSN" "$@"; }

# Everything lives in a database of its own, so that no table of the user's is in the way. It is kept for the next run.
set_up_database() {
    psql=$(pg_program psql)
    [ -n "$psql" ] || { echo "psql not found; set COROPG_PG_BIN" >&2; exit 2; }
    if [ -z "$(ask -c "SELECT 1 FROM pg_database WHERE datname = 'coropg_bench'")" ]; then
        ask -c 'CREATE DATABASE coropg_bench'
    fi
    export COROPG_DSN="$COROPG_DSN dbname=coropg_bench"
    echo "PostgreSQL $(ask -c 'SHOW server_version'), shared_buffers $(ask -c 'SHOW shared_buffers'); setting up ..."
    ask -f "$here/setup.sql"
}

# What was just written shall not be flushed to disk while we measure. Needs a privilege; does without.
settle() { ask -c CHECKPOINT 2>/dev/null || true; }

# The pid of the server's postmaster if it runs on this machine and we may change it, else nothing.
local_postmaster() {
    local data pid started
    data=$(ask -c 'SHOW data_directory' 2>/dev/null) || return 0
    [ -r "$data/postmaster.pid" ] || return 0
    { read -r pid; read -r _; read -r started; } <"$data/postmaster.pid" || return 0
    # A folder of the same name may belong to another server: compare the time it was started.
    [ "$(ask -c "SELECT abs(extract(epoch FROM pg_postmaster_start_time()) - $started) < 60")" = t ] || return 0
    taskset -p "$pid" >/dev/null 2>&1 || return 0
    echo "$pid"
}

# Backends started from now on run on $core only, until unpin_server, which the end of the script calls as well.
pin_server() {
    command -v taskset >/dev/null || return 1
    pinned_postmaster=$(local_postmaster)
    [ -n "$pinned_postmaster" ] || return 1
    pinned_from=$(taskset -pc "$pinned_postmaster" | sed 's/.*: //')
    trap unpin_server EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    taskset -apc "$core" "$pinned_postmaster" >/dev/null 2>&1
}

unpin_server() {
    if [ -n "${pinned_postmaster:-}" ]; then taskset -apc "$pinned_from" "$pinned_postmaster" >/dev/null || true; fi
    pinned_postmaster=
}
