#!/usr/bin/env python3
"""Checks docs/types.md: each PostgreSQL type of its table is named in an integration test of types, and is read by the
program that is built with -O2 (test/optimised).

usage: types_table.py <repository root>

Such a test hands the type's name to goes_round (test/support/round_trip.hpp). Rows that name no type of their own, such
as domains, are listed here with the test that proves them.
"""

import re
import sys
from pathlib import Path

# rows about a kind of types: the type by which they are tested
KINDS = {
    "ranges made by `CREATE TYPE`": "floatrange",
    "`T[]`": "int4[]",
    "`T[]` with bounds": "int4[]",
    "`oid` that goes out as oid": "oid",
    '`"char"`, text of one byte': '"char"',
    "enums made by `CREATE TYPE`": "named.mood",
    "composites made by `CREATE TYPE` or `CREATE TABLE`": "named.person",
}
# the same kinds in test/optimised
OPTIMISED_KINDS = {
    "enums made by `CREATE TYPE`": "sampled_mood",
    "composites made by `CREATE TYPE` or `CREATE TABLE`": "sampled_person",
}
# rows whose tests have another shape: a test case's name
BY_CASE = {
    "`record`": "anonymous_records_are_tuples",
    "domains": "domains_and_enums_are_read_as_what_they_are_made_of",
    "any of several": "a_variant_goes_out_as_what_it_holds",
    "as its member": "a_strong_typedef_goes_as_its_member",
    "NULL": "goes_round",  # each round trip sends and reads one
}
TYPE_ALIASES = {"char(n)": "char(10)", "T[]": "int4[]"}


def rows(text):
    """The first cells of the first table."""
    table = text[: text.index("Conversions never")]
    for line in table.splitlines():
        cell = re.match(r"\| *(.*?) *\|", line)
        if cell and cell[1] not in ("", "PostgreSQL") and not cell[1].startswith(":--"):
            yield cell[1]


def types_of(row, kinds):
    if row in kinds:
        return [kinds[row]]
    return [TYPE_ALIASES.get(name, name) for name in re.findall(r"`([^`]+)`", row)]


def named_types(sources):
    """The names of types that stand in string literals, and those of references to objects."""
    sources = re.sub(r"'(?:[^'\\\n]|\\.)'", "", sources)  # characters, which may be quotes
    literals = {re.sub(r"\\(.)", r"\1", text) for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', sources)}
    return {text.split("(")[0] for text in literals} | set(re.findall(r"refers<(\w+)>\(face", sources))


def text_of(root, pattern):
    return "\n".join(path.read_text() for path in sorted(root.glob(pattern)))


def main(root):
    tests = text_of(root, "test/integration/types*.cpp")
    tested = named_types(tests)
    optimised = named_types(text_of(root, "test/optimised/*.cpp"))
    problems = []
    for row in rows((root / "docs/types.md").read_text()):
        if row in BY_CASE:
            if BY_CASE[row] not in tests:
                problems.append(f"{row}: no test named {BY_CASE[row]}")
            continue
        for name in types_of(row, KINDS):
            if name.split("(")[0] not in tested:
                problems.append(f"{row}: no round trip of {name}")
        for name in types_of(row, KINDS | OPTIMISED_KINDS):
            if name.split("(")[0] not in optimised:
                problems.append(f"{row}: no program built with -O2 reads {name}")
    for problem in problems:
        print(f"docs/types.md: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
