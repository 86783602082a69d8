#pragma once

// What the contestants of the pipeline benchmark share: the statements, the rows to insert, and the modes.
//
// "insert": a round is one pipeline of as many single-row INSERTs as it has queries, with one Sync at its end. "select": a
// round is a sequence of pipelines of 64 point selects each, the next sent when the one before is answered.

#include "contestant.hpp"

#include <span>

namespace bench {

inline constexpr std::size_t pipeline_depth = 64;
inline constexpr char create_entries[] = "CREATE TEMP TABLE entries (id int4, name text)";
inline constexpr char truncate_entries[] = "TRUNCATE entries";
inline constexpr char insert_entry[] = "INSERT INTO entries VALUES ($1, $2)";
inline constexpr char select_name[] = "SELECT name FROM users WHERE id = $1";

struct entry {
    int id;
    std::string name;
};

/// What a round inserts, if it does, made before the clock starts.
inline std::vector<entry> entries_of(bool inserts, const std::vector<int>& ids) {
    std::vector<entry> entries;
    if (!inserts) return entries;
    for (const int id : ids) entries.push_back({id, "user number " + std::to_string(id)});
    return entries;
}

inline bool inserts(int argc, char** argv) { return argc > 1 && std::string_view{argv[1]} == "insert"; }

/// The ids of a round, as many at a time as a pipeline has statements.
inline std::span<const int> next_ids(std::span<const int>& left) {
    const std::span<const int> taken = left.first(std::min(left.size(), pipeline_depth));
    left = left.subspan(taken.size());
    return taken;
}

}  // namespace bench
