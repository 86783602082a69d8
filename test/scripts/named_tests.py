#!/usr/bin/env python3
"""Checks that the tests that docs/transactions.md names in the last column of its first table exist.

usage: named_tests.py <repository root>
"""

import re
import sys
from pathlib import Path


def main():
    root = Path(sys.argv[1])
    cases = set()
    for path in (root / "test/integration").glob("*.cpp"):
        cases.update(re.findall(r"BOOST_AUTO_TEST_CASE(?:_TEMPLATE)?\((\w+)", path.read_text(encoding="utf-8")))
    page = root / "docs/transactions.md"
    rows = [line for line in page.read_text(encoding="utf-8").split("\n## ")[0].splitlines() if line.startswith("| ")][1:]
    problems = [f"{page}: no test for: {row.split('|')[1].strip()}" for row in rows if not row.rstrip(" |").endswith("`")]
    problems += [f"{page}: there is no test {name}" for row in rows
                 for name in re.findall(r"`(\w+)`", row.split("|")[-2]) if name not in cases]
    print("\n".join(problems) or f"{len(rows)} situations have their tests")
    return 1 if problems or not rows else 0


sys.exit(main())
