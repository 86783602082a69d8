#!/usr/bin/env python3
"""Runs a compiler and notes what it cost: CPU seconds and peak memory in MiB, in a file beside the object.

usage: measure_compile.py [ccache] COMPILER ARGUMENT... -o OBJECT

One that does not come to an end is stopped, after two minutes or with 4 GiB. ccache keeps what a compilation prints: the
cost is printed there, so that an object out of the cache comes with what it cost when it was made.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

CPU_SECONDS = 120
MEMORY_BYTES = 4 << 30
COST = "measure_compile: cost "


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def run(command):
    """Returns the status of a compiler, and its cost."""
    status = subprocess.run(command, preexec_fn=limit, check=False).returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, mebibytes = used.ru_utime + used.ru_stime, used.ru_maxrss // 1024
    if status != 0:
        print(f"measure_compile: the compiler ended with {status} after {seconds:.0f} s and {mebibytes} MiB")
    return status, f"{seconds:.1f} {mebibytes}"


def run_ccache(command):
    """The same; ccache calls this script where it needs the compiler, or has what it printed then."""
    script = Path(__file__)
    env = os.environ | {"CCACHE_PREFIX": script.name, "PATH": f"{script.parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, env=env, check=False, stderr=subprocess.PIPE, text=True)
    cost = None
    for line in done.stderr.splitlines(keepends=True):
        if line.startswith(COST):
            cost = line.removeprefix(COST).strip()
        else:
            sys.stderr.write(line)
    return done.returncode, cost


def main(command):
    if "CCACHE_PREFIX" in os.environ:
        status, cost = run(command)
        print(COST + cost, file=sys.stderr)
    else:
        status, cost = (run_ccache if Path(command[0]).name == "ccache" else run)(command)
        if "-o" in command and cost:
            Path(command[command.index("-o") + 1] + ".cost").write_text(cost + "\n", encoding="ascii")
    return 1 if status != 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
