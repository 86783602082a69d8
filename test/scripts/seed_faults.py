#!/usr/bin/env python3
"""Judges the unit tests of the session's pure parts: seeds one fault at a time and expects the room's tests to fail.

usage: seed_faults.py <repository root> <build folder with libcoropg.a> [--least N]

Each fault is a condition negated, a statement dropped, a bound off by one, or two things swapped. Those that no test
notices are listed; the exit code is 1 if fewer than N (57) are caught. It takes some minutes and is not part of ctest.
"""

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CANCELLER_H = "include/coropg/detail/session/canceller.hpp"
CANCELLER = "src/session/canceller.cpp"
STATE_H = "include/coropg/detail/session/transaction_state.hpp"
STATE = "src/session/transaction_state.cpp"
CHANGES = "include/coropg/detail/session/session_changes.hpp"
CHANNEL = "include/coropg/detail/ops/channel.hpp"
INBOX_H = "include/coropg/detail/session/inbox.hpp"
INBOX = "src/session/inbox.cpp"
PURPOSE = "include/coropg/detail/session/purpose.hpp"

# the unit test, the sources of the room
ROOMS = {
    "canceller": ["src/session/canceller.cpp"],
    "transaction_state": ["src/session/transaction_state.cpp"],
    "session_changes": [],
    "channel": [],
    "inbox": ["src/session/inbox.cpp"],
}

# room, file, what stands there, what stands there instead
FAULTS = [
    ("canceller", CANCELLER_H, "longest_wait{2}", "longest_wait{3600}"),
    ("canceller", CANCELLER_H, "return ends_scope(is_for) ? fate::roll_back", "return !ends_scope(is_for) ? fate::roll_back"),
    ("canceller", CANCELLER_H, "is_alone && is_idle() &&", "is_idle() &&"),
    ("canceller", CANCELLER_H, "is_alone && is_idle() &&", "is_alone &&"),
    ("canceller", CANCELLER_H, "&& may_be_cancelled(is_for) ?", "?"),
    ("canceller", CANCELLER_H, "? fate::cancel : fate::abandon", "? fate::abandon : fate::cancel"),
    ("canceller", CANCELLER_H, "std::min({first_, limit_, again_})", "std::min({limit_, again_})"),
    ("canceller", CANCELLER_H, "std::min({first_, limit_, again_})", "std::min({first_, again_})"),
    ("canceller", CANCELLER_H, "std::min({first_, limit_, again_})", "std::min({first_, limit_})"),
    ("canceller", CANCELLER_H, "first_ = std::min(first_, deadline)", "first_ = deadline"),
    ("canceller", CANCELLER_H, "first_ = std::min(first_, deadline)", "first_ = std::max(first_, deadline)"),
    ("canceller", CANCELLER_H, "{ first_ = no_deadline; }", "{ }"),
    ("canceller", CANCELLER_H, "return ++last_ticket_;", "return last_ticket_++;"),
    ("canceller", CANCELLER_H, "return is_idle() && limit_ == no_deadline;", "return is_idle();"),
    ("canceller", CANCELLER_H, "return is_idle() && limit_ == no_deadline;", "return limit_ == no_deadline;"),
    ("canceller", CANCELLER_H, "return state_ == state::under_way;", "return state_ != state::none;"),
    ("canceller", CANCELLER_H, "limit_ = std::min(limit_, now + longest_wait);", "limit_ = now + longest_wait;"),
    ("canceller", CANCELLER_H, "if (is_idle()) limit_ = no_deadline;", "limit_ = no_deadline;"),
    ("canceller", CANCELLER_H, "if (is_idle()) limit_ = no_deadline;", ""),
    ("canceller", CANCELLER, "if (limit_ <= now) return due::end;", "if (limit_ < now) return due::end;"),
    ("canceller", CANCELLER, "if (limit_ <= now) return due::end;", ""),
    ("canceller", CANCELLER, "if (again_ <= now) {", "if (again_ < now) {"),
    ("canceller", CANCELLER, "        again_ = no_deadline;\n        state_ = state::wanted;", "        state_ = state::wanted;"),
    ("canceller", CANCELLER, "        again_ = no_deadline;\n        state_ = state::wanted;", "        again_ = no_deadline;"),
    ("canceller", CANCELLER, "first_ <= now ?", "first_ < now ?"),
    ("canceller", CANCELLER, "    state_ = state::wanted;\n    limit_ = now + longest_wait;", "    limit_ = now + longest_wait;"),
    ("canceller", CANCELLER, "    state_ = state::wanted;\n    limit_ = now + longest_wait;", "    state_ = state::wanted;"),
    ("canceller", CANCELLER, "if (state_ != state::wanted) return false;", "if (state_ == state::none) return false;"),
    ("canceller", CANCELLER, "    state_ = state::under_way;\n", ""),
    ("canceller", CANCELLER, "head_goes_on ? state::delivered : state::none", "head_goes_on ? state::none : state::delivered"),
    ("canceller", CANCELLER, "std::max<clock::duration>", "std::min<clock::duration>"),
    ("canceller", CANCELLER, "now - (limit_ - longest_wait)", "now - limit_"),
    ("canceller", CANCELLER, "    else\n        limit_ = no_deadline;", "    else\n        again_ = no_deadline;"),
    ("canceller", CANCELLER, "    again_ = no_deadline;\n    if (state_ == state::under_way) return;", "    if (state_ == state::under_way) return;"),
    ("canceller", CANCELLER, "if (state_ == state::under_way) return;", "if (state_ == state::delivered) return;"),
    ("canceller", CANCELLER, "limit_ = again_ = no_deadline;", "limit_ = no_deadline;"),
    ("canceller", PURPOSE, "p >= purpose::commit && p <= purpose::rollback", "p > purpose::commit && p <= purpose::rollback"),
    ("canceller", PURPOSE, "p >= purpose::commit && p <= purpose::rollback", "p >= purpose::commit && p < purpose::rollback"),
    ("canceller", PURPOSE, "return !ends_scope(p) && !decides(p);", "return !ends_scope(p);"),
    ("transaction_state", STATE, "if (outer && outer->ended) throw", "if (outer && !outer->ended) throw"),
    ("transaction_state", STATE, "if (outer != current_) throw", "if (outer == current_) throw"),
    ("transaction_state", STATE, "    made->outer = outer;\n", ""),
    ("transaction_state", STATE, "made->finds_transaction_id = finds_transaction_id;", ""),
    ("transaction_state", STATE, "if (outer)  // what", "if (!outer)  // what"),
    ("transaction_state", STATE, "made->opening.begin(), \"SAVEPOINT", "made->opening.end(), \"SAVEPOINT"),
    ("transaction_state", STATE, "is_for == purpose::farewell || ", ""),
    ("transaction_state", STATE, "is_for == purpose::transaction_id || ", ""),
    ("transaction_state", STATE, "within == current_.get()) return nullptr", "within != current_.get()) return nullptr"),
    ("transaction_state", STATE, "    if (within->ended) return \"the transaction has ended\";\n", ""),
    ("transaction_state", STATE, "    if (is_for == purpose::rollback) return nullptr;\n", ""),
    ("transaction_state", STATE, "each->ended = true;", "each->ended = false;"),
    ("transaction_state", STATE, "    current_ = outer;\n", ""),
    ("transaction_state", STATE, "if (begun_ == &root) return false;", "if (begun_ != nullptr) return false;"),
    ("transaction_state", STATE, "    is_beginning_ = true;\n", ""),
    ("transaction_state", STATE, "    begun_ = &root;\n", ""),
    ("transaction_state", STATE, "if (with_opening && begun_ == root)", "if (begun_ == root)"),
    ("transaction_state", STATE, "if (with_opening && begun_ == root)", "if (with_opening)"),
    ("transaction_state", STATE, "!root->is_open() || (ends_scope", "root->is_open() || (ends_scope"),
    ("transaction_state", STATE, "ends_scope(is_for) && &within == root", "ends_scope(is_for)"),
    ("transaction_state", STATE, "ends_scope(is_for) && &within == root", "&within == root"),
    ("transaction_state", STATE, "if (is_over && begun_ == root)", "if (is_over)"),
    ("transaction_state", STATE, " || tag == \"START TRANSACTION\"", ""),
    ("transaction_state", STATE, " || tag == \"PREPARE TRANSACTION\"", ""),
    ("transaction_state", STATE_H, "begun_ != nullptr && begun_ != &root", "begun_ != nullptr"),
    ("transaction_state", STATE_H, "return begun_ != nullptr || is_by_hand_;", "return begun_ != nullptr;"),
    ("transaction_state", STATE_H, "if (begun_ == nullptr) is_by_hand_ = is_open;", ""),
    ("transaction_state", STATE_H, "if (begun_ == nullptr) is_by_hand_ = is_open;", "is_by_hand_ = is_open;"),
    ("transaction_state", STATE_H, "        begun_ = nullptr;\n        is_beginning_ = false;", "        begun_ = nullptr;"),
    ("transaction_state", STATE_H, "        begun_ = nullptr;\n        is_beginning_ = false;", "        is_beginning_ = false;"),
    ("transaction_state", STATE, "if (!outer && is_by_hand_) throw", "if (outer && is_by_hand_) throw"),
    ("transaction_state", STATE, "if (!outer && is_by_hand_) throw usage_error{begun_by_hand};", ""),
    ("session_changes", CHANGES, "return was_clean && is_dirty();", "return was_clean;"),
    ("session_changes", CHANGES, "return was_clean && is_dirty();", "return is_dirty();"),
    ("session_changes", CHANGES, "std::max(changes_, change)", "std::min(changes_, change)"),
    ("session_changes", CHANGES, "std::max(changes_, change)", "change"),
    ("session_changes", CHANGES, "has_kept_ = has_kept_ || is_dirty();", "has_kept_ = is_dirty();"),
    ("session_changes", CHANGES, "has_kept_ = has_kept_ || is_dirty();", "has_kept_ = true;"),
    ("session_changes", CHANGES, "return has_kept_ && is_dirty();", "return has_kept_;"),
    ("session_changes", CHANGES, "        ++resets_;\n", ""),
    ("session_changes", CHANGES, "resets_ > 0", "resets_ > 1"),
    ("channel", CHANNEL, "capacity == 0 ? 1 : capacity", "capacity"),
    ("channel", CHANNEL, "!is_closed_ && items_.size() < capacity_", "items_.size() < capacity_"),
    ("channel", CHANNEL, "items_.size() < capacity_", "items_.size() <= capacity_"),
    ("channel", CHANNEL, "if (!has_room()) return false;", ""),
    ("channel", CHANNEL, "items_.pop_front();", "items_.pop_back();"),
    ("channel", CHANNEL, "return is_closed_ && items_.empty();", "return is_closed_;"),
    ("channel", CHANNEL, "return is_closed_ || !items_.empty();", "return !items_.empty();"),
    ("inbox", INBOX_H, "has_handler() && !changes_.is_resetting()", "has_handler()"),
    ("inbox", INBOX_H, "        notices_.clear();\n", ""),
    ("inbox", INBOX_H, "*address = nullptr;", ";"),
    ("inbox", INBOX_H, "std::exchange(address_, nullptr)", "address_"),
    ("inbox", INBOX_H, "~inbox() { clear(); }", "~inbox() = default;"),
    ("inbox", INBOX, "come.notices_.swap(notices_);", "come.notices_ = notices_;"),
    ("inbox", INBOX, "        if (!call) return;\n", ""),
    ("inbox", INBOX, "        come.address_ = address_;\n", ""),
]


class Bench:
    def __init__(self, root, build):
        self.root = root
        self.work = Path(tempfile.mkdtemp())
        includes = subprocess.run(["pkg-config", "--cflags", "libpq"], capture_output=True, text=True, check=True)
        self.flags = ["-std=c++20", "-O0", "-DBOOST_TEST_DYN_LINK", *includes.stdout.split()]
        libraries = subprocess.run(["pkg-config", "--libs", "libpq", "spdlog"], capture_output=True, text=True, check=True)
        self.libraries = [str(build / "libcoropg.a"), "-lboost_unit_test_framework", *libraries.stdout.split()]
        header = self.work / "precompiled.hpp"
        header.write_text("#include <boost/test/unit_test.hpp>\n")
        subprocess.run(["c++", *self.flags, "-x", "c++-header", str(header)], check=True)
        main = self.work / "main.cpp"
        main.write_text("#define BOOST_TEST_MODULE faults\n#include <boost/test/unit_test.hpp>\n")
        self.main = self.work / "main.o"
        subprocess.run(["c++", *self.flags, "-c", str(main), "-o", str(self.main)], check=True)

    def run(self, number, room, file=None, text=None):
        """What came of the room's tests with `text` as the contents of `file`: "passed", "failed" or "not compiled"."""
        place = self.work / str(number)
        include = place / "include"
        if file and file.startswith("include/"):
            (place / file).parent.mkdir(parents=True)
            (place / file).write_text(text)
        sources = [self.root / "test/unit" / f"{room}.cpp"]
        for source in ROOMS[room]:
            target = self.root / source
            if source == file:
                target = place / source
                target.parent.mkdir(parents=True)
                target.write_text(text)
            sources.append(target)
        program = place / "tests"
        place.mkdir(exist_ok=True)
        compiled = subprocess.run(
            ["c++", *self.flags, "-include", str(self.work / "precompiled.hpp"), f"-I{include}",
             f"-I{self.root / 'include'}", *map(str, sources), str(self.main), *self.libraries, "-o", str(program)],
            capture_output=True, text=True, check=False)
        if compiled.returncode != 0:
            return "not compiled"
        try:
            tested = subprocess.run([str(program)], capture_output=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            return "failed"
        finally:
            shutil.rmtree(place)
        return "passed" if tested.returncode == 0 else "failed"


def main(root, build, least):
    bench = Bench(root, build)
    try:
        for room in ROOMS:
            if bench.run(f"clean-{room}", room) != "passed":
                print(f"the tests of {room} fail without a fault")
                return 2

        def seed(i):
            room, file, old, new = FAULTS[i]
            text = (root / file).read_text()
            if old not in text:
                return "gone"
            return bench.run(i, room, file, text.replace(old, new, 1))

        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(seed, range(len(FAULTS))))
    finally:
        shutil.rmtree(bench.work)
    for (room, file, old, new), came in zip(FAULTS, results):
        if came != "failed":
            print(f"{came}: {file}: {old.strip()!r} -> {new.strip()!r}")
    caught = results.count("failed")
    print(f"{caught} of {len(FAULTS)} faults are caught")
    return 0 if caught >= least else 1


if __name__ == "__main__":
    least = int(sys.argv[sys.argv.index("--least") + 1]) if "--least" in sys.argv else 57
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), least))
