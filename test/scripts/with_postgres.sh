#!/usr/bin/env bash
# scripts/with-postgres gives each command a server of its own, and leaves nothing behind however it ends.
#
# usage: with_postgres.sh REPOSITORY
set -euo pipefail

readonly with_postgres=$1/scripts/with-postgres
unset COROPG_DSN COROPG_TCP_DSN COROPG_PG_BIN COROPG_PG_FOLDER

scratch=$(mktemp -d)
# the jobs are what a failed check leaves running
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$scratch"' EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# eventually COMMAND...: true as soon as the command succeeds, false after 20 seconds
eventually() {
    local deadline=$((SECONDS + 20))
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# Whether the process runs: not as a zombie, which stays where process 1 reaps nobody, as in a container without init.
is_alive() {
    local state
    state=$(sed -n 's/^State:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) && [[ $state != [ZX]* ]]
}

is_gone() {
    [[ ! -e $folder ]] && ! is_alive "$postmaster"
}

# Starts a server for a command that writes where the server is to $scratch/NAME and then waits.
declare -A script
start_waiting() {
    local name=$1
    # a script's background jobs ignore SIGINT, and a program cannot undo what it inherits so: restore it first
    # shellcheck disable=SC2016  # the inner shell expands these
    (
        trap - INT
        exec "$with_postgres" bash -c '
            folder=${COROPG_DSN#host=} && folder=${folder%% *}
            echo "$folder $(head -n 1 "$folder/data/postmaster.pid") $$ ${COROPG_TCP_DSN}" >"$1.new"
            mv "$1.new" "$1"
            exec sleep 100' bash "$scratch/$name"
    ) &
    script[$name]=$!
}

# Sets `folder`, `postmaster`, `waiting` (the command) and `dsn` of what start_waiting NAME started.
find_server() {
    eventually test -e "$scratch/$1" || fail "no server for $1 within 20 seconds"
    read -r folder postmaster waiting dsn <"$scratch/$1"
}

# Waits for the script of start_waiting NAME, and sets `status`.
wait_for() {
    status=0
    # bash reports a job that was killed on the error output
    { wait "${script[$1]}" || status=$?; } 2>/dev/null
}

a_given_server_is_used_as_it_is() {
    local output
    # shellcheck disable=SC2016
    output=$(COROPG_DSN='host=elsewhere' "$with_postgres" sh -c 'echo "$COROPG_DSN,${COROPG_TCP_DSN-},$0"' name)
    [[ $output == 'host=elsewhere,,name' ]] || fail "with COROPG_DSN set: $output"
}

# For servers of their own beside the given one.
the_programs_are_found_for_commands_with_a_given_server() {
    local found given
    # shellcheck disable=SC2016
    found=$("$with_postgres" sh -c 'echo "$COROPG_PG_BIN"')
    # shellcheck disable=SC2016
    given=$(COROPG_DSN='host=elsewhere' "$with_postgres" sh -c 'echo "$COROPG_PG_BIN,${COROPG_PG_FOLDER-}"')
    [[ $given == "$found," ]] || fail "with COROPG_DSN set, COROPG_PG_BIN is $given instead of $found"
}

a_zombie_is_not_alive() {
    local zombie
    # its parent reaps nobody, and lives for as long as the pipe is open
    python3 -c '
import os, sys
child = os.fork()
if child == 0: os._exit(0)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # dead, and not reaped
print(child, flush=True)
sys.stdin.read()' <"$scratch/hold" >"$scratch/zombie" &
    exec {hold}>"$scratch/hold"
    eventually test -s "$scratch/zombie" || fail "no zombie"
    zombie=$(<"$scratch/zombie")
    kill -0 "$zombie" || fail "the zombie is gone"
    ! is_alive "$zombie" || fail "a zombie is taken for a living process"
    is_alive "$$" || fail "a living process is taken for a dead one"
    exec {hold}>&-
}

both_addresses_work_and_input_and_exit_code_pass_through() {
    local status=0 input
    # shellcheck disable=SC2016
    echo input | "$with_postgres" bash -euc '
        test -x "$COROPG_PG_BIN/initdb"
        psql "$COROPG_DSN" -qAtc "SELECT 1" </dev/null >/dev/null
        psql "$COROPG_TCP_DSN" -qAtc "SELECT 1" </dev/null >/dev/null
        if psql "$COROPG_TCP_DSN password=wrong" -qAtc "SELECT 1" </dev/null 2>/dev/null; then exit 1; fi
        folder=${COROPG_DSN#host=} && folder=${folder%% *}
        echo "$folder $(head -n 1 "$folder/data/postmaster.pid") $(cat)"
        exit 42' >"$scratch/output" || status=$?
    ((status == 42)) || fail "exit code $status instead of 42"
    read -r folder postmaster input <"$scratch/output"
    [[ $input == input ]] || fail "the command read '$input' instead of its input"
    [[ ! -e $folder ]] || fail "the folder outlived its command"
    eventually is_gone || fail "the server outlived its command"
}

many_at_once_do_not_collide() {
    local name
    for name in "$@"; do
        find_server "$name"
        psql "$dsn" -qAtc "CREATE TABLE here ()" || fail "$name shares a server"
    done
}

# ends_with SIGNAL EXIT_CODE: the signal reaches the command, and the server is gone
ends_with() {
    find_server "$1"
    kill -s "$1" "${script[$1]}"
    wait_for "$1"
    ((status == $2)) || fail "exit code $status after SIG$1"
    # the SIGKILL of the script cannot reach the command
    kill "$waiting" 2>/dev/null || true
    eventually is_gone || fail "the server outlived SIG$1"
}

# Whether the script's only child, which creates the server, has got its folder; sets `folder` and `postmaster`.
has_folder() {
    local children
    children=$(cat "/proc/${script[early]}/task/${script[early]}/children" 2>/dev/null) && postmaster=${children%% *} &&
        folder=$(readlink "/proc/$postmaster/cwd") && [[ $folder == /tmp/coropg.* ]]
}

a_kill_during_the_start_leaves_nothing() {
    start_waiting early
    eventually has_folder || fail "no folder"
    kill -KILL "${script[early]}"
    wait_for early
    eventually is_gone || fail "a server outlived a SIGKILL while it started"
    [[ ! -e $scratch/early ]] || fail "the command ran after SIGKILL"
}

mkfifo "$scratch/hold"
a_given_server_is_used_as_it_is
the_programs_are_found_for_commands_with_a_given_server
a_zombie_is_not_alive
both_addresses_work_and_input_and_exit_code_pass_through
for name in INT TERM KILL; do start_waiting "$name"; done
many_at_once_do_not_collide INT TERM KILL
ends_with INT 130
ends_with TERM 143
ends_with KILL 137
a_kill_during_the_start_leaves_nothing
echo "passed"
