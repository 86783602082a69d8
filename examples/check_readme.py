#!/usr/bin/env python3
"""Checks that the README shows what compiles: each C++ block must stand in the example named before it.

usage: check_readme.py [REPOSITORY]

The comment is <!-- examples/NAME.cpp -->, on the line before the block. Only the indentation that all lines of a block
share may differ. A C++ block without such a comment is an error, too.
"""

import pathlib
import re
import sys
import textwrap

BLOCK = re.compile(r"(?:^<!-- (?P<example>examples/\S+) -->\n)?^```cpp\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def contains(text, code):
    """Whether the lines of `code` stand in `text`, all of them indented by the same amount more."""
    wanted = textwrap.dedent(code).rstrip("\n").split("\n")
    lines = text.split("\n")
    windows = (lines[i : i + len(wanted)] for i in range(len(lines) - len(wanted) + 1))
    return any(textwrap.dedent("\n".join(window)).split("\n") == wanted for window in windows)


def problems(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(readme))
    if not blocks:
        yield "README.md: no C++ block found"
    for block in blocks:
        line = readme.count("\n", 0, block.start("code")) + 1
        if not block["example"]:
            yield f"README.md:{line}: no <!-- examples/... --> before this block"
        elif not (root / block["example"]).is_file():
            yield f"README.md:{line}: there is no {block['example']}"
        elif not contains((root / block["example"]).read_text(encoding="utf-8"), block["code"]):
            yield f"README.md:{line}: not in {block['example']}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    found = list(problems(root))
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
