"""Point selects by pgbench, prepared, over 4 connections on one thread.

Usage: fan_out_pgbench.py PGBENCH [SCRIPT]. Without a script it is `pgbench -S`, on pgbench's own table. pgbench has no
rounds: each is a process of its own, measured without its connecting. It tells neither percentiles nor what it read.
"""

import json
import re
import resource
import subprocess
import sys

import contestant

CONNECTIONS = 4


def children_cpu_ns():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round((usage.ru_utime + usage.ru_stime) * 1e9)


def main():
    pgbench, script = sys.argv[1], sys.argv[2:]
    what = ["-f", *script] if script else ["-S"]
    version = subprocess.run([pgbench, "--version"], check=True, capture_output=True, text=True).stdout
    number = re.search(r"\d[\w.]*", version)[0]
    query = "the same query as the others" if script else "-S on its own table"
    for queries, seed in contestant.rounds(f"pgbench {number} -M prepared -c 4 -j 1, {query}"):
        each = -(-queries // CONNECTIONS)
        command = [pgbench, "-n", *what, "-M", "prepared", "-c", str(CONNECTIONS), "-j", "1", "-t", str(each)]
        command += [f"--random-seed={seed}", contestant.dsn()]
        cpu = children_cpu_ns()
        run = subprocess.run(command, capture_output=True, text=True)
        cpu = children_cpu_ns() - cpu
        if run.returncode != 0:
            sys.exit(run.stderr)
        # "excluding connections establishing" before PostgreSQL 14
        rate = re.search(r"tps = ([\d.]+) \((?:without initial connection time|excluding)", run.stdout)
        done = each * CONNECTIONS
        answer = {"queries": done, "wall_ns": round(done / float(rate[1]) * 1e9), "cpu_ns": cpu}
        print(json.dumps(answer), flush=True)


main()
