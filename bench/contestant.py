"""What every Python contestant of a benchmark shares: the protocol with runner.py, the ids to ask for, the clocks.

contestant.hpp is the same for C++ and describes the protocol; the two must draw the same ids and compute the same
checksum.
"""

import importlib
import json
import os
import resource
import sys
import time

TABLE_ROWS = 1_000_000
SKIPPED = 77  # exit status: a package is missing, the runner goes on without this contestant


def need(module):
    """Import a package that may be missing."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        print(f"{os.path.basename(sys.argv[0])}: {error}", file=sys.stderr)
        sys.exit(SKIPPED)


def dsn():
    """The server to measure."""
    try:
        return os.environ["COROPG_DSN"]
    except KeyError:
        sys.exit("COROPG_DSN is not set")


def random_ids(queries, seed):
    """The ids of a round, drawn by splitmix64 before the clock starts."""
    mask = (1 << 64) - 1
    state = seed
    ids = []
    for _ in range(queries):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        z = z ^ (z >> 31)
        ids.append(1 + z % TABLE_ROWS)
    return ids


def cpu_ns():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return round((usage.ru_utime + usage.ru_stime) * 1e9)


def rounds(about):
    """Tell the runner that the connection is up, then yield the number of queries and the seed of each round."""
    print(json.dumps({"ready": about}), flush=True)
    for line in sys.stdin:
        words = line.split()
        if len(words) != 3 or words[0] != "round":
            return
        yield int(words[1]), int(words[2])


class Stopwatch:
    """Measures one round. It starts when constructed; print() stops it."""

    def __init__(self):
        self.laps = []
        self.checksum = 0
        self.cpu_started = cpu_ns()
        self.started = self.last = time.perf_counter_ns()

    def lap(self, name, started=None):
        """One query is done; it took the time since `started`, or in a sequence since the one before it."""
        now = time.perf_counter_ns()
        self.laps.append(now - (self.last if started is None else started))
        self.last = now
        self.checksum += len(name)
        if name:
            self.checksum += ord(name[0]) + ord(name[-1])

    def print(self):
        wall = time.perf_counter_ns() - self.started
        cpu = cpu_ns() - self.cpu_started
        laps = sorted(self.laps)
        answer = {
            "queries": len(laps),
            "wall_ns": wall,
            "cpu_ns": cpu,
            "p50_ns": laps[(len(laps) - 1) * 50 // 100],
            "p99_ns": laps[(len(laps) - 1) * 99 // 100],
            "checksum": self.checksum,
        }
        print(json.dumps(answer), flush=True)
