#!/usr/bin/env python3
"""Checks the layers: which file of include/ and src/ may include which.

usage: layers.py <repository root>

A file includes files of its own room and of rooms in lower layers; rooms of one layer do not know one another. Layers
may be skipped. A new file belongs into this table, which is the architecture from top to bottom; where a pattern
stands, the folder decides.
"""

import fnmatch
import re
import sys
from pathlib import Path

# layer, room, its files (headers as they are included, sources by their path)
ROOMS = [
    # for tests of coropg and of programs that use it; nothing else includes it
    (11, "testing", ["coropg/testing/*.hpp"]),

    (10, "everything", ["coropg/coropg.hpp"]),
    (10, "everything that blocks", ["coropg/sync.hpp"]),

    # the decisions of a pool, carried out for coroutines and for threads
    (9, "asynchronous pool", ["coropg/pool.hpp", "src/pool.cpp", "coropg/detail/asio_pool.hpp", "src/asio_pool*"]),
    (9, "blocking pool", ["coropg/sync_pool.hpp", "src/sync_pool.cpp", "coropg/detail/poll_pool.hpp",
                          "src/poll_pool.cpp"]),

    # the two faces: the same templates, each over its driver
    (8, "asynchronous face", ["coropg/connection.hpp", "src/connection.cpp", "coropg/gather.hpp",
                               "coropg/retry.hpp"]),
    (8, "pool handles", ["coropg/basic_pool.hpp"]),
    (8, "blocking face", ["coropg/sync_connection.hpp"]),

    # templates over a driver: they name neither Asio nor poll(2)
    (7, "verbs", ["coropg/basic_connection.hpp", "coropg/statements.hpp",
                  "coropg/pipeline.hpp", "src/pipeline.cpp", "coropg/transaction.hpp", "src/transaction.cpp"]),
    # the only two that wait
    (7, "asio driver", ["coropg/detail/asio_driver.hpp", "coropg/detail/handlers.hpp", "src/asio_driver.cpp"]),
    (7, "poll driver", ["coropg/detail/poll_driver.hpp", "src/poll_driver.cpp"]),

    (7, "pool policy", ["coropg/detail/pool_policy.hpp", "src/pool_policy.cpp",
                        "coropg/detail/pool_shell.hpp", "src/pool_shell.cpp"]),

    # the core, which never waits: queue and pipeline; verbs of several steps; rows becoming C++ values
    (6, "session", ["coropg/detail/session.hpp", "src/session.cpp", "src/session_cancel.cpp", "src/session_reset.cpp",
                    "src/session_transactions.cpp", "src/session_types.cpp"]),
    # parts of the session: those that see libpq or units, and (layer 3) those that are pure
    (5, "wire", ["coropg/detail/wire.hpp", "src/wire.cpp",
                 "coropg/detail/statement_cache.hpp", "src/statement_cache.cpp"]),
    (5, "spares", ["coropg/detail/spares.hpp"]),
    (5, "type resolver", ["coropg/detail/type_resolver.hpp", "src/type_resolver.cpp",
                          "coropg/detail/type_lookup.hpp", "src/type_lookup.cpp"]),
    (5, "runner", ["coropg/detail/runner.hpp"]),
    (5, "reports", ["coropg/detail/reports.hpp", "src/reports.cpp"]),
    (5, "ops", ["coropg/detail/ops.hpp", "src/ops/*.cpp"]),
    (5, "mapping", ["coropg/detail/mapping.hpp", "coropg/detail/finish.hpp", "src/finish.cpp",
                    "src/mapping.cpp"]),

    # what a caller submits and a session runs up to one Sync
    (4, "unit", ["coropg/detail/unit.hpp", "coropg/detail/unit_queue.hpp", "coropg/detail/completion.hpp",
                 "coropg/detail/lease_record.hpp", "src/unit.cpp"]),

    # values on their way in and out
    (3, "params", ["coropg/detail/params.hpp", "src/params.cpp"]),
    (3, "result", ["coropg/result.hpp", "src/result.cpp"]),
    (3, "types", ["coropg/types/*.hpp", "src/types/*"]),
    (3, "conninfo", ["coropg/conninfo.hpp", "src/conninfo.cpp"]),

    # parts of a session that are told what happens and answer what to do
    (3, "pure parts of a session", ["coropg/detail/transaction_state.hpp", "src/transaction_state.cpp",
                                    "coropg/detail/canceller.hpp", "src/canceller.cpp",
                                    "coropg/detail/session_changes.hpp", "coropg/detail/inbox.hpp", "src/inbox.cpp"]),

    # libpq's objects as C++ objects; C++ types as PostgreSQL's; SQL text
    (2, "pq", ["coropg/detail/pq.hpp", "src/pq.cpp"]),
    (2, "codec", ["coropg/codec.hpp", "src/codec.cpp", "coropg/detail/pg_types.hpp", "src/pg_types.cpp",
                  "coropg/detail/type_catalog.hpp", "src/type_catalog.cpp",
                  "coropg/detail/composite.hpp", "src/composite.cpp"]),
    (2, "observer", ["coropg/observer.hpp", "src/observer.cpp"]),
    (2, "watchdog", ["coropg/detail/watchdog.hpp", "src/watchdog.cpp"]),
    (2, "backoff", ["coropg/backoff.hpp", "src/backoff.cpp"]),
    (2, "scope", ["coropg/detail/scope.hpp", "coropg/detail/purpose.hpp"]),
    (2, "channel", ["coropg/detail/channel.hpp"]),
    (2, "pool core", ["coropg/detail/pool_core.hpp", "src/pool_core.cpp"]),
    (2, "sql", ["coropg/sql_text.hpp", "coropg/sql.hpp", "src/sql.cpp"]),

    # what stands on nothing
    (1, "errors", ["coropg/error.hpp", "coropg/pool_stats.hpp", "src/error.cpp", "coropg/errors.hpp", "coropg/sqlstate.hpp",
                   "src/server_errors.cpp", "src/server_errors.inc"]),
    (1, "log", ["coropg/log.hpp", "src/log.cpp"]),
    (1, "options", ["coropg/options.hpp", "coropg/pool_options.hpp"]),
    (1, "settled", ["coropg/settled.hpp"]),
    (1, "op", ["coropg/detail/op.hpp"]),
    (1, "descriptors", ["coropg/detail/descriptor.hpp", "src/descriptor.cpp", "coropg/detail/bell.hpp", "src/bell.cpp"]),
    (1, "members", ["coropg/detail/members.hpp"]),
    (1, "closure guard", ["coropg/detail/closure_guard.hpp"]),
]

# headers of others, and the only files that may include them
OUTSIDE = [
    ("libpq", r"libpq-fe\.h|libpq/.*|postgres_ext\.h",
     ["coropg/detail/pq.hpp", "coropg/result.hpp", "src/codec.cpp"]),
    ("Boost.Asio", r"boost/asio(\.hpp|/.*)",
     ["coropg/connection.hpp", "src/connection.cpp", "coropg/gather.hpp", "coropg/retry.hpp",
      "coropg/detail/asio_driver.hpp", "src/asio_driver.cpp", "coropg/detail/handlers.hpp",
      "coropg/pool.hpp", "coropg/detail/asio_pool.hpp", "src/asio_pool.cpp", "src/asio_pool_host.cpp",
      "src/asio_pool_leases.cpp", "src/asio_pool_event.hpp",
      "coropg/testing/loop_thread.hpp", "coropg/testing/proxied.hpp", "coropg/testing/fault_proxy.hpp",
      "coropg/testing/fake_server.hpp",
      "coropg/types/network.hpp", "src/types/network.cpp"]),
    ("poll(2)", r"(sys/)?poll\.h", ["src/poll_driver.cpp", "src/asio_driver.cpp", "src/watchdog.cpp"]),
    ("eventfd(2)", r"sys/eventfd\.h", ["src/bell.cpp"]),
    ("timerfd_create(2)", r"sys/timerfd\.h", ["src/watchdog.cpp"]),
    ("epoll(7)", r"sys/epoll\.h|linux/.*|sys/(prctl|signalfd|inotify)\.h", []),
    ("spdlog", r"spdlog/.*", ["src/log.cpp"]),
]

# rooms that compile without the libraries above, whatever they include
PURE = ["pure parts of a session", "scope", "channel", "pool core", "op"]

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


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
            if not matched:
                problems.append(f"{__file__}:1: room '{room}' lists {pattern}, which does not exist")
            rooms.update((name, (layer, room)) for name in matched)

    includes = {}  # name -> [(line, name of the included file)]
    for name, path in paths.items():
        includes[name] = []
        if name not in rooms:
            problems.append(f"{path}:1: is in no room: give it one in {__file__}")
        for number, line in enumerate((root / path).read_text(encoding="utf-8").splitlines(), 1):
            if match := INCLUDE.match(line):
                quote, header = match.groups()
                target = (Path(name).parent / header).as_posix() if quote == '"' else header
                if target in paths:
                    includes[name].append((number, target))
                elif quote == '"' or header.startswith("coropg/"):
                    problems.append(f"{path}:{number}: {header} does not exist")
                problems += [f"{path}:{number}: {library} is included by {', '.join(allowed)} only"
                             for library, pattern, allowed in OUTSIDE
                             if re.fullmatch(pattern, header) and name not in allowed]

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
