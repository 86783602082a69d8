#!/usr/bin/env python3
"""Runs a compiler and notes what it cost: CPU seconds and peak memory in MiB, in a file beside the object.

usage: measure_compile.py COMPILER ARGUMENT... -o OBJECT

One that does not come to an end is stopped, after two minutes or with 4 GiB.
"""

import resource
import subprocess
import sys

CPU_SECONDS = 120
MEMORY_BYTES = 4 << 30


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def main(command):
    status = subprocess.run(command, preexec_fn=limit, check=False).returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = used.ru_utime + used.ru_stime
    mebibytes = used.ru_maxrss // 1024
    if "-o" in command:
        with open(command[command.index("-o") + 1] + ".cost", "w", encoding="ascii") as out:
            print(f"{seconds:.1f} {mebibytes}", file=out)
    if status != 0:
        print(f"measure_compile: the compiler ended with {status} after {seconds:.0f} s and {mebibytes} MiB")
    return 1 if status != 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
