#!/usr/bin/env python3
"""Runs contestants against each other in interleaved rounds and prints one table.

A machine's speed drifts: clocks, caches, neighbours. Therefore all contestants stay connected during the whole run,
each round lets every one of them run once (beginning with another one each time), and ratios are taken within a round.
The protocol is described in contestant.hpp.
"""

import argparse
import json
import os
import platform
import shlex
import signal
import statistics
import subprocess
import sys
import threading

SKIPPED = 77  # exit status of a contestant whose package is missing
SEED = 20_240_229
NANOSECONDS = {"µs/query": 1e3, "ns/row": 1, "ns/acquire": 1}  # in the units of the tables


class ContestantError(Exception):
    pass


class Contestant:
    def __init__(self, name, command, queries):
        self.name = name
        self.command = shlex.split(command)
        self.queries = queries
        self.about = ""
        self.process = None
        self.results = []

    def start(self):
        """Start and wait for its connection. False if it has to be skipped."""
        if os.path.dirname(self.command[0]) and not os.path.exists(self.command[0]):
            print(f"skipped {self.name}: {self.command[0]} is not built", file=sys.stderr)
            return False
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, text=True, bufsize=1)
        try:
            self.about = self.answer(60)["ready"]
        except ContestantError:
            if self.process.wait() != SKIPPED:
                raise
            print(f"skipped {self.name}: a package is missing", file=sys.stderr)
            return False
        return True

    def answer(self, seconds):
        """One line of JSON. A contestant that hangs is ended."""
        watchdog = threading.Timer(seconds, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line.endswith("\n"):
            status = self.process.wait()
            why = f"no answer in {seconds} s" if status == -signal.SIGKILL else f"ended with status {status}"
            raise ContestantError(f"{self.name}: {why}")
        return json.loads(line)

    def round(self, queries, seed):
        try:
            self.process.stdin.write(f"round {queries} {seed}\n")
        except BrokenPipeError:
            raise ContestantError(f"{self.name}: ended between two rounds") from None
        return self.answer(300)

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        try:
            self.process.communicate("quit\n", timeout=10)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self.process.kill()
            self.process.wait()


def check_sums(answers):
    """All who ran the same queries must have read the same."""
    by_queries = {}
    for contestant, answer in answers:
        if "checksum" in answer:
            by_queries.setdefault(answer["queries"], {}).setdefault(answer["checksum"], []).append(contestant.name)
    for sums in by_queries.values():
        if len(sums) > 1:
            raise ContestantError(f"contestants read different rows: {sums}")


def contest(contestants, rounds, warm_up_queries):
    """Fill in `results` of every contestant, one entry a round."""
    # The warm-up has the same number of queries for all, so that it also compares the checksums of all.
    check_sums([(contestant, contestant.round(warm_up_queries, SEED)) for contestant in contestants])
    for number in range(rounds):
        first = number % len(contestants)
        order = contestants[first:] + contestants[:first]
        answers = [(contestant, contestant.round(contestant.queries, SEED + 1 + number)) for contestant in order]
        check_sums(answers)
        for contestant, answer in answers:
            contestant.results.append(answer)
        if sys.stderr.isatty():
            print(f"\rround {number + 1}/{rounds} ", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)


def times(results, key, unit):
    """One number a round, in the unit of the table; nothing if the contestant does not tell."""
    if any(key not in result for result in results):
        return None
    divide = key in ("wall_ns", "cpu_ns")
    return [result[key] / NANOSECONDS[unit] / (result["queries"] if divide else 1) for result in results]


def median(values):
    return statistics.median(values) if values else None


def ratios(values, baseline):
    if not values or not baseline:
        return None
    return [value / base for value, base in zip(values, baseline)]


def half_spread(values):
    """Half the distance between the quartiles."""
    if not values or len(values) < 4:
        return None
    quartiles = statistics.quantiles(values, n=4, method="inclusive")
    return (quartiles[2] - quartiles[0]) / 2


def summarize(contestant, baseline, unit):
    own = {key: times(contestant.results, key, unit) for key in ("wall_ns", "cpu_ns", "p50_ns", "p99_ns")}
    base = {key: times(baseline.results, key, unit) for key in ("wall_ns", "cpu_ns", "p50_ns")}
    speed = ratios(base["wall_ns"], own["wall_ns"])
    time = ratios(own["wall_ns"], base["wall_ns"])
    return {
        "name": contestant.name,
        "about": contestant.about,
        "time": median(own["wall_ns"]),
        "time_ratio": median(time),
        "time_ratio_spread": half_spread(time),
        "per_second": median([1e9 / NANOSECONDS[unit] / value for value in own["wall_ns"]]),
        "per_second_ratio": median(speed),
        "per_second_ratio_spread": half_spread(speed),
        "p50": median(own["p50_ns"]),
        "p50_ratio": median(ratios(own["p50_ns"], base["p50_ns"])),
        "p99": median(own["p99_ns"]),
        "cpu": median(own["cpu_ns"]),
        "cpu_ratio": median(ratios(own["cpu_ns"], base["cpu_ns"])),
        "rounds": contestant.results,
    }


def number(value, digits):
    return "" if value is None else f"{value:,.{digits}f}"


def table(summaries, baseline, unit, throughput):
    """Aligned, and Markdown at the same time."""
    main, title, digits = ("per_second", "queries/s", 0) if throughput else ("time", unit, 1)
    small = unit.split("/")[0]
    columns = [
        ("contestant", lambda s: s["name"]),
        (title, lambda s: number(s[main], digits)),
        (f"× {baseline.name}", lambda s: number(s[f"{main}_ratio"], 2)),
        ("±", lambda s: number(s[f"{main}_ratio_spread"], 2)),
        (f"p50 {small}", lambda s: number(s["p50"], 1)),
        ("× p50", lambda s: number(s["p50_ratio"], 2)),
        (f"p99 {small}", lambda s: number(s["p99"], 1)),
        (f"CPU {unit}", lambda s: number(s["cpu"], 1)),
        ("× CPU", lambda s: number(s["cpu_ratio"], 2)),
    ]
    columns = [column for column in columns if any(column[1](s) for s in summaries)]
    cells = [[title for title, _ in columns]] + [[value(s) for _, value in columns] for s in summaries]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    lines = ["| " + " | ".join(c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths))) + " |"
             for row in cells]
    rule = "|" + "|".join("-" * (w + 1) + ":" if i else ":" + "-" * (w + 1) for i, w in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def cpu_model():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def named_command(text):
    name, separator, command = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=COMMAND")
    return name, command


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--title", default="", help="a heading for the table")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--queries", type=int, default=20_000, help="queries a round of a --contestant")
    parser.add_argument("--slow-queries", type=int, default=5_000, help="the same of a --slow one, and the warm-up's")
    parser.add_argument("--baseline", required=True, metavar="NAME", help="who is 1.00 in the ratios")
    parser.add_argument("--unit", choices=NANOSECONDS, default="µs/query", help="what is counted, and in which unit")
    parser.add_argument("--throughput", action="store_true", help="show queries per second rather than time per query")
    parser.add_argument("--json", metavar="FILE", help="write all numbers of all rounds here")
    parser.add_argument("--contestant", dest="commands", action="append", type=named_command, metavar="NAME=COMMAND")
    parser.add_argument("--slow", dest="slow", action="append", type=named_command, metavar="NAME=COMMAND", default=[])
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


def main():
    options = arguments()
    entrants = [Contestant(name, command, options.queries) for name, command in options.commands]
    entrants += [Contestant(name, command, options.slow_queries) for name, command in options.slow]
    try:
        contestants = [contestant for contestant in entrants if contestant.start()]
        baseline = next((c for c in contestants if c.name == options.baseline), None)
        if baseline is None:
            raise ContestantError(f"the baseline {options.baseline!r} does not run")
        contest(contestants, options.rounds, options.slow_queries)
    except ContestantError as error:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        for contestant in entrants:
            contestant.stop()

    summaries = [summarize(contestant, baseline, options.unit) for contestant in contestants]
    print(f"\n{options.title}" if options.title else "")
    print(f"medians of {options.rounds} interleaved rounds; {cpu_model()}, {os.cpu_count()} CPUs\n")
    print(table(summaries, baseline, options.unit, options.throughput))
    print()
    width = max(len(contestant.name) for contestant in contestants)
    counted = "rows" if options.unit.endswith("row") else "queries"
    for contestant in contestants:
        print(f"{contestant.name.ljust(width)}  {contestant.about}; {contestant.queries:,} {counted} a round")
    if options.json:
        answer = {
            "title": options.title,
            "baseline": baseline.name,
            "unit": options.unit,
            "cpu": cpu_model(),
            "cpus": os.cpu_count(),
            "affinity": sorted(os.sched_getaffinity(0)),
            "contestants": summaries,
        }
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(answer, file, indent=1)
            file.write("\n")


main()
