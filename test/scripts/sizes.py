#!/usr/bin/env python3
"""Prints the largest files, classes and functions of the core, and fails beyond the bounds.

usage: sizes.py <repository root>

By Universal Ctags. What may exceed a bound stands below with its own bound, and the reason.
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

CORE = ["include/coropg/detail/ops", "include/coropg/detail/session", "include/coropg/detail/drivers",
        "include/coropg/detail/pool", "src/ops", "src/session", "src/drivers", "src/pool", "src/faces"]

BOUNDS = {"lines of a file": 400, "data members of a class": 20, "functions of a class": 30, "lines of a function": 60}

# (what, name) -> its bound
EXCEPTIONS = {
    # the decisions of a pool, tested as one by random schedules
    ("lines of a file", "src/pool/pool_core.cpp"): 460,
    ("functions of a class", "pool_core"): 60,
    # the steps of the pools, which all need the mutex, the core and the slots
    ("functions of a class", "asio_pool"): 54,
    # submitting, sending, receiving, stopping and resetting all look at the same four queues: docs/adr/0008
    ("functions of a class", "session"): 80,
}


def tags(root):
    files = sorted(str(path.relative_to(root)) for folder in CORE for path in (root / folder).rglob("*.?pp"))
    out = subprocess.run(["ctags", "--output-format=json", "--language-force=c++", "--kinds-c++=+p-dehv",
                          "--fields=+nesK", "-f", "-", *files],
                         cwd=root, check=True, capture_output=True, text=True).stdout
    return files, [json.loads(line) for line in out.splitlines()]


def measure(root):
    """Returns what -> {name: size}."""
    files, found = tags(root)
    sizes = {what: defaultdict(int) for what in BOUNDS}
    for file in files:
        sizes["lines of a file"][file] = len((root / file).read_text(encoding="utf-8").splitlines())
    classes = [t for t in found if t["kind"] in ("class", "struct") and "end" in t]
    for tag in found:
        kind, line = tag["kind"], tag["line"]
        if kind == "function" and "end" in tag:
            name = f"{tag['path']}: {tag['name']}"
            sizes["lines of a function"][name] = max(sizes["lines of a function"][name], tag["end"] - line + 1)
        if kind not in ("function", "prototype", "member") or "scope" not in tag:
            continue
        # within the braces of its class: a definition elsewhere was declared there
        inside = [c for c in classes if c["path"] == tag["path"] and c["line"] < line <= c["end"] and
                  tag["scope"].split("::")[-1] == c["name"]]
        if inside:
            what = "data members of a class" if kind == "member" else "functions of a class"
            sizes[what][max(inside, key=lambda c: c["line"])["name"]] += 1
    return sizes


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    status = 0
    for what, each in measure(Path(sys.argv[1])).items():
        print(f"{what}, at most {BOUNDS[what]}:")
        for name, size in sorted(each.items(), key=lambda item: -item[1])[:5]:
            print(f"{size:6}  {name}")
        for name, size in sorted(each.items()):
            bound = EXCEPTIONS.get((what, name), BOUNDS[what])
            if size > bound:
                print(f"{name}: {size} {what}, at most {bound}")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
