#!/usr/bin/env python3
"""Checks docs/types.md: each PostgreSQL type of its table is named in an integration test of types.

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


def types_of(row):
    if row in KINDS:
        return [KINDS[row]]
    return [TYPE_ALIASES.get(name, name) for name in re.findall(r"`([^`]+)`", row)]


def main(root):
    tests = "\n".join(path.read_text() for path in sorted(root.glob("test/integration/types*.cpp")))
    tests = re.sub(r"'(?:[^'\\\n]|\\.)'", "", tests)  # characters, which may be quotes
    literals = {re.sub(r"\\(.)", r"\1", text) for text in re.findall(r'"((?:[^"\\\n]|\\.)*)"', tests)}
    tested = {text.split("(")[0] for text in literals}
    tested |= set(re.findall(r"refers<(\w+)>\(face", tests))  # references to objects
    problems = []
    for row in rows((root / "docs/types.md").read_text()):
        if row in BY_CASE:
            if BY_CASE[row] not in tests:
                problems.append(f"{row}: no test named {BY_CASE[row]}")
            continue
        for name in types_of(row):
            if name.split("(")[0] not in tested:
                problems.append(f"{row}: no round trip of {name}")
    for problem in problems:
        print(f"docs/types.md: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
