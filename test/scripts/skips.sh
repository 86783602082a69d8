#!/usr/bin/env bash
# No test is skipped silently: what cannot run says why, ctest hears of it, and it is in the list of scripts/test.
#
# usage: skips.sh REPOSITORY BUILD
set -euo pipefail

root=$1 build=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export COROPG_TEST_SKIPPED=$scratch/list

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# runs EXIT_CODE ARGUMENT...: the integration tests, without a server, nor one that they could start
runs() {
    local expected=$1 status=0
    shift
    : >"$COROPG_TEST_SKIPPED"
    env -u COROPG_PG_BIN COROPG_DSN=host=/nowhere "$build/test/integration" "$@" >"$scratch/output" 2>&1 || status=$?
    ((status == expected)) || fail "exit code $status instead of $expected: $(cat "$scratch/output")"
}

a_suite_whose_cases_are_all_skipped_ends_with_77() {
    runs 77 --run_test=pool_restart
    (($(wc -l <"$COROPG_TEST_SKIPPED") == 4)) || fail "not four lines: $(cat "$COROPG_TEST_SKIPPED")"
    grep -qx $'integration.pool_restart/a_fast_restart\tCOROPG_PG_BIN is not set, .*' "$COROPG_TEST_SKIPPED" ||
        fail "the reason is missing: $(cat "$COROPG_TEST_SKIPPED")"
}

what_ran_as_well_ends_with_0() {
    runs 0 --run_test=pool_restart/a_fast_restart \
        --run_test=testing_fault_proxy/a_server_that_is_not_there_ends_the_connection
    (($(wc -l <"$COROPG_TEST_SKIPPED") == 1)) || fail "not one line: $(cat "$COROPG_TEST_SKIPPED")"
}

what_failed_is_not_skipped() {
    runs 201 --run_test=pool_restart/a_fast_restart --run_test=execute
}

a_script_says_it_the_same_way() {
    local status=0
    : >"$COROPG_TEST_SKIPPED"
    "$root/test/support/skip" scripts.example "no reason" >"$scratch/output" || status=$?
    ((status == 77)) || fail "exit code $status of the script"
    [[ $(<"$COROPG_TEST_SKIPPED") == $'scripts.example\tno reason' ]] || fail "$(cat "$COROPG_TEST_SKIPPED")"
    [[ $(<"$scratch/output") == 'skipped: no reason' ]] || fail "$(cat "$scratch/output")"
}

# Words by which a test would skip by itself.
nobody_skips_in_another_way() {
    local found
    found=$(grep -rnE 'exit[ (]77|return 77|_exit\(77|MESSAGE\(.*skipped' "$root/test" --include='*.?pp' --include='*.sh' \
        --include='*.py' | grep -v -e '/test/support/' -e '/skips.sh:') || true
    [[ -z $found ]] || fail "use test/support/skip.hpp or test/support/skip: $found"
}

a_suite_whose_cases_are_all_skipped_ends_with_77
what_ran_as_well_ends_with_0
what_failed_is_not_skipped
a_script_says_it_the_same_way
nobody_skips_in_another_way
echo "passed"
