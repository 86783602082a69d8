#!/usr/bin/env python3
"""Checks that the tests that pages of docs/ name in the last column of their first table exist.

usage: named_tests.py <repository root>
"""

import re
import sys
from pathlib import Path


def main():
    root = Path(sys.argv[1])
    cases = set()
    for path in (*(root / "test/integration").glob("*.cpp"), *(root / "test/unit").glob("*.cpp")):
        cases.update(re.findall(r"BOOST_AUTO_TEST_CASE(?:_TEMPLATE)?\((\w+)", path.read_text(encoding="utf-8")))
    problems, count = [], 0
    for page in (root / "docs" / name for name in ("transactions.md", "pool.md", "names.md")):
        table = page.read_text(encoding="utf-8").split("\n## ")[0]
        rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
        problems += [f"{page}: no test for: {row}" for row in rows if not row.rstrip(" |").endswith("`")]
        problems += [f"{page}: there is no test {name}" for row in rows
                     for name in re.findall(r"`(\w+)`", row.split("|")[-2]) if name not in cases]
        problems += [] if rows else [f"{page}: no table"]
        count += len(rows)
    print("\n".join(problems) or f"{count} situations have their tests")
    return 1 if problems else 0


sys.exit(main())
