#!/usr/bin/env python3
"""Lists what measure_compile.py has noted, and fails if a file costs more than a user would accept.

usage: compile_costs.py SOURCES OBJECTS CPU_SECONDS MEBIBYTES

All but headers.cpp, which holds nothing but includes, have them precompiled: its CPU seconds are added to theirs, as a
user's compiler reads them for each file. They grow with what else the machine does, so a file may also take four times
those of headers.cpp: on an idle machine that is less than the bound.
"""

import sys
from pathlib import Path

ALL_READ = ("headers.cpp", "boost_json.cpp")  # without precompiled headers


def main(sources, objects, seconds_bound, mebibytes_bound):
    costs = {}
    for source in sorted(sources.glob("*.cpp")):
        noted = objects / f"{source.name}.o.cost"
        if not noted.exists():
            print(f"{source.name} was not measured")
            return 1
        seconds, mebibytes = noted.read_text(encoding="ascii").split()
        costs[source.name] = (float(seconds), int(mebibytes))
    headers = costs["headers.cpp"][0]
    costs |= {name: (s + headers, m) for name, (s, m) in costs.items() if name not in ALL_READ}
    for name, (seconds, mebibytes) in sorted(costs.items(), key=lambda item: item[1], reverse=True):
        print(f"{seconds:6.1f} s {mebibytes:6} MiB  {name}")
    seconds_bound = max(seconds_bound, 4 * headers)
    beyond = [name for name, c in costs.items() if c[0] > seconds_bound or c[1] > mebibytes_bound]
    for name in beyond:
        print(f"{name} costs the compiler more than {seconds_bound:.1f} s of CPU or {mebibytes_bound} MiB")
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
