#!/usr/bin/env bash
# A million rows into a vector of structs: the client's CPU time, coropg against a loop by hand over libpq.
# Usage: decode.sh BUILD_DIR [--rounds R]; README.md has the rest.

source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
parse_arguments "$@"
set_up_database
ask -f "$here/decode.sql"
settle

# run NAME TITLE MODE: one contest; with the mode `decode` its clock runs only while the result is decoded.
run() {
    "$python" "$here/runner.py" --title "$2" --rounds "$rounds" --queries 1000000 --slow-queries 1000000 \
        --unit ns/row --json "$build/bench/$1.json" --baseline libpq \
        --contestant "libpq=$build/bench/decode_libpq $3" \
        --contestant "coropg=$build/bench/decode_coropg $3"
}

run decode "Decode: 1,000,000 rows of a result that is here already" decode
run decode_fetch "Fetch: the same with the query and libpq's work" fetch
