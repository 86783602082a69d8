#!/usr/bin/env bash
# scripts/test --compose runs each version, has a line for each, and fails when one fails.
#
# usage: compose.sh REPOSITORY
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/scripts" "$scratch/bin"
cp "$1/scripts/test" "$scratch/scripts"
export PATH=$scratch/bin:$PATH FAKE_LOG=$scratch/log

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# Stands for docker-compose and for `docker compose`, and prints what ctest would.
cat >"$scratch/fake" <<'END'
#!/bin/sh
echo "$*" >>"$FAKE_LOG"
case $* in
    'run -T --rm test-15')
        printf '100%% tests passed, 0 tests failed out of 12\n\nThe following tests did not run:\n'
        printf '\t  3 - unit.a (Skipped)\n\t 11 - unit.b (Skipped)\n'
        ;;
    'run -T --rm test-16')
        printf '92%% tests passed, 1 tests failed out of 12\n\nThe following tests did not run:\n'
        printf '\t  3 - unit.a (Skipped)\n\nThe following tests FAILED:\n\t  7 - unit.c (Failed)\nErrors while running CTest\n'
        exit 8
        ;;
    'run -T --rm test-17') exit 1 ;;
esac
END
chmod +x "$scratch/fake"

# line VERSION PASSED SKIPPED FAILED: the output has it
line() {
    grep -qE "^$1 +$2 +$3 +$4 +[0-9]+\$" "$scratch/output" || fail "no line '$*' in: $(cat "$scratch/output")"
}

a_line_for_each_version() {
    local status=0
    "$scratch/scripts/test" --compose 15 16 17 18 >"$scratch/output" || status=$?
    ((status == 1)) || fail "exit code $status though a version failed"
    line 15 10 2 0
    line 16 10 1 1
    line 17 - - -
    line 18 - - -
    (($(grep -c 'the output is in' "$scratch/output") == 3)) || fail "not three versions that failed"
    grep -q 'unit\.c (Failed)' "$scratch/output" || fail "the test that failed is not named"
    (($(grep -c '^rm .* postgres-1[5678]$' "$FAKE_LOG") == 4)) || fail "a server was left: $(cat "$FAKE_LOG")"
}

all_is_well_when_all_pass() {
    "$scratch/scripts/test" --compose 15 >"$scratch/output" || fail "exit code $? though all passed"
    line 15 10 2 0
}

without_numbers_all_versions_are_run() {
    : >"$FAKE_LOG"
    "$scratch/scripts/test" --compose >"$scratch/output" && fail "exit code 0 though a version failed"
    (($(grep -c '^run .* test-1[45678]$' "$FAKE_LOG") == 5)) || fail "not five versions: $(cat "$FAKE_LOG")"
}

cp "$scratch/fake" "$scratch/bin/docker-compose"
a_line_for_each_version
all_is_well_when_all_pass
without_numbers_all_versions_are_run

printf '#!/bin/sh\nexit 1\n' >"$scratch/bin/docker-compose"
# shellcheck disable=SC2016
printf '#!/bin/sh\nshift\nexec "%s" "$@"\n' "$scratch/fake" >"$scratch/bin/docker"
chmod +x "$scratch/bin/docker"
all_is_well_when_all_pass
echo "passed"
