#!/usr/bin/env python3
"""Checks the layers: which file of include/ and src/ may include which.

usage: layers.py <repository root>

A file includes files of its own room and of rooms in lower layers; rooms of one layer do not know one another. Layers
may be skipped. A new file belongs into this table, which is the architecture from top to bottom; where a pattern
stands, the folder decides.
"""

import fnmatch
import posixpath
import re
import sys
from pathlib import Path

# layer, room, its files (headers as they are included, sources by their path)
ROOMS = [
    # for tests of coropg and of programs that use it; nothing else includes it
    (12, "testing", ["coropg/testing/*.hpp"]),
    (11, "all of it", ["coropg/coropg.hpp", "coropg/sync.hpp"]),
    # the decisions of a pool, carried out for coroutines and for threads
    (10, "pools", ["coropg/pool.hpp", "coropg/sync_pool.hpp", "coropg/detail/pool/asio_pool.hpp",
                   "coropg/detail/pool/poll_pool.hpp", "src/pool/asio/*", "src/pool/poll/*",
                   "src/faces/pool.cpp", "src/faces/sync_pool.cpp"]),
    # the two faces: the same templates, each over its driver
    (9, "faces", ["coropg/connection.hpp", "coropg/gather.hpp", "coropg/retry.hpp", "coropg/sync_connection.hpp",
                  "src/faces/connection.cpp"]),
    # templates over a runner: they name neither Asio nor poll(2)
    (8, "verbs", ["coropg/basic_*.hpp", "coropg/statements.hpp", "coropg/pipeline.hpp", "coropg/transaction.hpp",
                  "src/faces/pipeline.cpp", "src/faces/transaction.cpp"]),
    # the only ones that wait
    (7, "drivers", ["coropg/detail/drivers/asio_driver.hpp", "coropg/detail/drivers/poll_driver.hpp",
                    "coropg/detail/drivers/handlers.hpp", "coropg/detail/drivers/watchdog.hpp",
                    "src/drivers/*_driver.cpp", "src/drivers/asio_connect.cpp", "src/drivers/asio_wait.*", "src/drivers/turn.hpp", "src/drivers/asio_descriptor.hpp", "src/drivers/watchdog.cpp"]),
    (7, "shell of a pool", ["coropg/detail/pool/pool_policy.hpp", "coropg/detail/pool/pool_shell.hpp",
                            "src/pool/pool_policy.cpp", "src/pool/pool_shell.cpp", "src/pool/ended.*"]),
    # the core, which never waits: the queue, and its parts that see libpq or units
    (6, "session", ["coropg/detail/session/session.hpp", "src/session/session*.cpp"]),
    (5, "parts of a session", [
        f"{folder}/{part}.?pp" for folder in ("coropg/detail/session", "src/session")
        for part in ("wire", "statement_cache", "spares", "type_resolver", "type_lookup", "reports", "finish")]),
    # work of several steps that needs a connection for itself
    (5, "ops", ["coropg/detail/ops/ops.hpp", "src/ops/*.?pp"]),
    (5, "runner", ["coropg/detail/drivers/runner.hpp"]),
    # what a caller submits and a session runs up to one Sync
    (4, "unit", ["coropg/detail/session/unit.hpp", "coropg/detail/session/unit_queue.hpp",
                 "coropg/detail/session/completion.hpp", "coropg/detail/session/lease_record.hpp",
                 "src/session/unit.cpp"]),
    # C++ types as PostgreSQL's, on their way in and out
    (3, "values", ["coropg/codec.hpp", "coropg/result.hpp", "coropg/arguments.hpp", "coropg/types/*.hpp", "coropg/detail/values/*.hpp",
                   "src/values/*", "src/types/*"]),
    # parts of a session and of a pool that are told what happens and answer what to do
    (3, "decisions", [
        f"{folder}/{part}.?pp" for folder in ("coropg/detail/session", "src/session")
        for part in ("transaction_state", "canceller", "session_changes", "inbox", "scope", "purpose")] +
     ["coropg/detail/pool/connect_attempts.hpp", "coropg/detail/pool/pool_core.hpp",
      "coropg/detail/pool/statement_times.hpp", "src/pool/pool_core.cpp"]),
    (2, "sql", ["coropg/sql_text.hpp", "coropg/sql.hpp", "coropg/detail/sql/*.hpp", "src/sql/*"]),
    (2, "op", ["coropg/detail/ops/op.hpp", "coropg/detail/ops/channel.hpp"]),
    # libpq's objects as C++ objects, and how to reach a server
    (2, "libpq", ["coropg/detail/pq.hpp", "src/pq.cpp", "coropg/conninfo.hpp", "src/conninfo.cpp", "src/targets.*",
                   "src/hang_up.*"]),
    # what stands on nothing
    (1, "base", ["coropg/error.hpp", "coropg/errors.hpp", "coropg/sqlstate.hpp", "coropg/pool_stats.hpp",
                 "coropg/options.hpp", "coropg/pool_options.hpp", "coropg/settled.hpp", "coropg/log.hpp",
                 "coropg/observer.hpp", "coropg/backoff.hpp", "coropg/detail/closure_guard.hpp", "coropg/detail/persist.hpp", "coropg/detail/home_process.hpp",
                 "coropg/detail/drivers/descriptor.hpp", "coropg/detail/drivers/bell.hpp",
                 "src/error.cpp", "src/home_process.cpp", "src/attempts.*", "src/server_errors.*", "src/log.cpp", "src/observer.cpp", "src/backoff.cpp",
                 "src/drivers/descriptor.cpp", "src/drivers/bell.cpp"]),
]

# headers of others, and the only files that may include them
OUTSIDE = [
    ("libpq", r"libpq-fe\.h|libpq/.*|postgres_ext\.h",
     ["coropg/detail/pq.hpp", "coropg/result.hpp", "src/values/codec.cpp"]),
    ("Boost.Asio", r"boost/asio(\.hpp|/.*)",
     ["coropg/connection.hpp", "src/faces/connection.cpp", "coropg/gather.hpp", "coropg/retry.hpp",
      "coropg/detail/drivers/asio_driver.hpp", "src/drivers/asio_*", "coropg/detail/drivers/handlers.hpp",
      "coropg/pool.hpp", "coropg/detail/pool/asio_pool*", "src/pool/asio/*", "coropg/testing/*",
      "coropg/types/network.hpp", "src/types/network.cpp"]),
    ("poll(2)", r"(sys/)?poll\.h", ["src/drivers/*", "src/hang_up.cpp"]),
    ("eventfd(2)", r"sys/eventfd\.h", ["src/drivers/bell.cpp"]),
    ("timerfd_create(2)", r"sys/timerfd\.h", ["src/drivers/watchdog.cpp"]),
    ("epoll(7)", r"sys/epoll\.h|linux/.*|sys/(prctl|signalfd|inotify)\.h", []),
    ("spdlog", r"spdlog/.*", ["src/log.cpp"]),
]

# rooms that compile without the libraries above, whatever they include
PURE = ["decisions", "op"]

# words that a file does not say
UNSAID = [
    (r"\bPGresult\b|\bpq::result\b", "libpq's results are the wire's", ["coropg/detail/session/session.hpp",
                                                                        "src/session/session*.cpp"]),
    (r"\bpurpose\b|\bis_for\b", "what a unit is for is the session's", ["coropg/detail/session/wire.hpp",
                                                                       "src/session/wire.cpp"]),
]

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def is_one_of(name, patterns):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def check(root):
    """Returns the problems found, each as file:line and the rule that it breaks."""
    paths = {}  # the name of each file -> its path from the root
    for folder, prefix in (("include", ""), ("src", "src/")):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file():
                paths[prefix + path.relative_to(root / folder).as_posix()] = path.relative_to(root).as_posix()

    problems = []
    rooms = {}  # name -> (layer, room)
    for layer, room, patterns in ROOMS:
        for pattern in patterns:
            matched = fnmatch.filter(paths, pattern)
            if not matched and not pattern.endswith("?pp"):
                problems.append(f"{__file__}:1: room '{room}' lists {pattern}, which does not exist")
            rooms.update((name, (layer, room)) for name in matched)

    includes = {}  # name -> [(line, name of the included file)]
    for name, path in paths.items():
        includes[name] = []
        if name not in rooms:
            problems.append(f"{path}:1: is in no room: give it one in {__file__}")
        for number, line in enumerate((root / path).read_text(encoding="utf-8").splitlines(), 1):
            problems += [f"{path}:{number}: {why}" for word, why, silent in UNSAID
                         if is_one_of(name, silent) and re.search(word, line)]
            if match := INCLUDE.match(line):
                quote, header = match.groups()
                target = posixpath.normpath(Path(name).parent / header) if quote == '"' else header
                if target in paths:
                    includes[name].append((number, target))
                elif quote == '"' or header.startswith("coropg/"):
                    problems.append(f"{path}:{number}: {header} does not exist")
                problems += [f"{path}:{number}: {library} is included by {', '.join(allowed)} only"
                             for library, pattern, allowed in OUTSIDE
                             if re.fullmatch(pattern, header) and not is_one_of(name, allowed)]

    for name, lines in includes.items():
        for number, target in lines:
            if name in rooms and target in rooms:
                (layer, room), (other_layer, other_room) = rooms[name], rooms[target]
                if room != other_room and other_layer >= layer:
                    problems.append(f"{paths[name]}:{number}: room '{room}' (layer {layer}) must not include {target} "
                                    f"of room '{other_room}' (layer {other_layer})")
    return problems + cycles(paths, includes) + impurities(root, paths, rooms, includes)


def impurities(root, paths, rooms, includes):
    """Returns the files that a pure room reaches and that include a library of OUTSIDE."""
    problems = []
    for name in sorted(n for n in paths if n in rooms and rooms[n][1] in PURE):
        reached, todo = set(), [name]
        while todo:
            each = todo.pop()
            if each not in reached:
                reached.add(each)
                todo += [target for _, target in includes[each]]
        for each in sorted(reached):
            for number, line in enumerate((root / paths[each]).read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                problems += [f"{paths[each]}:{number}: {library} is reached from {paths[name]}, which is to be pure"
                             for library, pattern, _ in OUTSIDE
                             if match and library != "spdlog" and re.fullmatch(pattern, match.group(2))]
    return problems


def cycles(paths, includes):
    """Returns the includes that close a cycle."""
    problems = []
    done = set()

    def visit(name, way):
        for number, target in includes[name]:
            if target in way:
                chain = " -> ".join(way[way.index(target):] + [target])
                problems.append(f"{paths[name]}:{number}: a cycle of includes: {chain}")
            elif target not in done:
                visit(target, way + [target])
        done.add(name)

    for name in includes:
        if name not in done:
            visit(name, [name])
    return problems


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    problems = check(Path(sys.argv[1]))
    print("\n".join(problems) or "the layers hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
