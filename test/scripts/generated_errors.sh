#!/bin/sh
# The committed SQLSTATE files are what scripts/generate-errors prints, and they hold every code of errcodes.txt.
# usage: generated_errors.sh <repository root>
set -eu
export LC_ALL=C  # in some languages [A-Z] is without I

root=$1
errcodes=/usr/share/postgresql/15/errcodes.txt
if [ ! -r "$errcodes" ]; then
    exec "$root/test/support/skip" scripts.generated_errors "$errcodes is not installed"
fi

# Minor releases have added codes: the table is that of 15.20.
minor=$(/usr/lib/postgresql/15/bin/postgres --version | sed 's/.* 15\.\([0-9]*\).*/\1/')
if [ "$minor" -lt 20 ]; then
    exec "$root/test/support/skip" scripts.generated_errors \
        "the table is generated from PostgreSQL 15.20, 15.$minor is installed"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sqlstate=include/coropg/sqlstate.hpp
errors=include/coropg/errors.hpp
table=src/server_errors.inc

fail() {
    echo "$1"
    exit 1
}

# Fails with the message $1 unless the files `expected` and `actual` hold the same lines, in any order.
compare() {
    sort "$work/expected" >"$work/expected.sorted"
    sort "$work/actual" >"$work/actual.sorted"
    diff -u "$work/expected.sorted" "$work/actual.sorted" || fail "$1"
}

"$root/scripts/generate-errors" --out "$work" "$errcodes"
for file in $sqlstate $errors $table; do
    diff -u "$root/$file" "$work/$file" || fail "$file is stale: run scripts/generate-errors"
done

# A line without a fourth field is a second macro for a code that has its name on another line.
grep -E '^[0-9A-Z]{5} +[EWS] +[A-Z_0-9]+ +[a-z]' "$errcodes" | cut -c 1-5 >"$work/expected"
sed -n 's/^inline .* = "\(.....\)";$/\1/p' "$root/$sqlstate" >"$work/actual"
compare "$sqlstate does not have every code once"

# Every class with errors has a type and a row, in the table as xx000.
grep -E '^[0-9A-Z]{5} +E ' "$errcodes" | sed 's/^\(..\)\(...\).*/\1\2\n\1000/' | sort -u >"$work/expected"
sed -n 's/^    static constexpr .* code = "\(.....\)";$/\1/p' "$root/$errors" >"$work/actual"
compare "$errors does not have one type for every error"
sed -n 's/^{"\(.....\)", .*/\1/p' "$root/$table" >"$work/actual"
compare "$table does not have one row for every error"

for file in $sqlstate $errors; do
    twice=$(sed -n 's/^inline .* \([a-z0-9_]*\) = .*/\1/p; s/^struct \([a-z0-9_]*\) : .*/\1/p' "$root/$file" | sort | uniq -d)
    [ -z "$twice" ] || fail "$file has names that are not unique: $twice"
done
