// What a finished unit becomes: its rows, its count, or the error it failed with. Both drivers call these.
#pragma once

#include <coropg/detail/mapping.hpp>
#include <coropg/detail/unit.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace coropg::detail {

/// Adds the statement and the line to an error of a codec, which knows neither.
template <class Work>
decltype(auto) at_site(const unit& u, Work&& work) {
    try {
        return work();
    } catch (const null_error& e) {
        throw null_error{e.what(), u.site()};
    } catch (const decode_error& e) {
        throw decode_error{e.what(), u.site()};
    } catch (const usage_error& e) {
        throw usage_error{e.what(), u.site()};
    }
}

[[noreturn]] void fail_row_count(const unit& u, std::string_view expected, std::size_t rows);

inline result finish_result(unit& u) {
    u.throw_failure();
    return std::move(u.commands.front().answer);
}

inline std::uint64_t finish_count(unit& u) {
    u.throw_failure();
    return u.affected_rows;
}

inline void finish_nothing(unit& u) { u.throw_failure(); }

/// However a closed connection ended, it is closed.
inline void finish_closed(unit&) {}

template <class T>
std::vector<T> finish_rows(unit& u) {
    u.throw_failure();
    const result& r = u.commands.front().answer;
    return at_site(u, [&] { return row_reader<T>{r, u.lax}.read_all(); });
}

template <class T>
T finish_one(unit& u) {
    u.throw_failure();
    const result& r = u.commands.front().answer;
    if (r.size() != 1) fail_row_count(u, "exactly one row", r.size());
    return at_site(u, [&] { return row_reader<T>{r, u.lax}.read(0); });
}

template <class T>
std::optional<T> finish_optional(unit& u) {
    u.throw_failure();
    const result& r = u.commands.front().answer;
    if (r.size() > 1) fail_row_count(u, "at most one row", r.size());
    return at_site(u, [&]() -> std::optional<T> {
        const row_reader<T> reader{r, u.lax};
        if (r.empty()) return std::nullopt;
        return reader.read(0);
    });
}

}  // namespace coropg::detail
