#!/bin/sh
# A program with a mistake does not compile, the compiler says why, and the same program without the mistake compiles.
# usage: check.sh <file> <compiler> <flags...>
#
# The file says in comments of its own line what is to be checked:
#   // expect: <text>    the compiler's output contains this, or the text of another such line
#   // first: <text>     the first error, in place of any, contains this
#   // only: gcc12       for GCC 12 alone; with another compiler the check is skipped
# COROPG_MUST_PASS is defined for the compilation without the mistake.
set -u

file=$1
compiler=$2
shift 2
name=$(basename "$file")

fail() {
    echo "$name: $1"
    exit 1
}

compile() {
    LC_ALL=C "$compiler" -std=c++20 -fsyntax-only "$@" 2>&1
}

macros=$("$compiler" -dM -E -x c++ /dev/null) || fail "$compiler does not run"
case $(sed -n 's|^// only: ||p' "$file") in
    '') ;;
    gcc12)
        if ! echo "$macros" | grep -q '^#define __GNUC__ 12$' || echo "$macros" | grep -q '^#define __clang__ '; then
            exec "$(dirname "$0")/../support/skip" "compile.${name%.cpp}" "it is about GCC 12, and $compiler is not"
        fi
        ;;
    *) fail "an 'only:' that check.sh does not know" ;;
esac
expected=$(sed -n 's|^// expect: ||p' "$file")
first=$(sed -n 's|^// first: ||p' "$file")
[ -n "$expected$first" ] || fail "no line '// expect: <text>' or '// first: <text>'"

if ! output=$(compile "$@" -DCOROPG_MUST_PASS "$file"); then
    echo "$output" | head -n 40
    fail "does not compile without the mistake"
fi
if output=$(compile "$@" "$file"); then
    fail "compiles in spite of the mistake"
fi
if [ -n "$first" ] && ! echo "$output" | grep -F 'error:' | head -n 1 | grep -qF -e "$first"; then
    echo "$output" | head -n 40
    fail "the compiler's first error does not contain:
$first"
fi
if [ -n "$expected" ] && ! echo "$output" | grep -qF -e "$expected"; then
    echo "$output" | head -n 40
    fail "the compiler's output contains none of:
$expected"
fi
