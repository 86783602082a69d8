// The results of a finished unit: its rows, its count, or the error it failed with. Both drivers call these.
#pragma once

#include <coropg/detail/session/unit.hpp>
#include <coropg/detail/values/mapping.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace coropg::detail {

/// Adds the statement and the line to an error of a codec, which knows neither.
/// What became of its statement then, a codec's usage_error does not know either.
template <class Work>
decltype(auto) at_site(const unit& u, std::size_t index, Work&& work, outcome became = outcome::not_sent) {
    const auto site = [&] { return u.site_of(u.opening_commands + index); };
    try {
        return work();
    } catch (const null_error& e) {
        throw null_error{e.what(), site()};
    } catch (const decode_error& e) {
        throw decode_error{e.what(), site()};
    } catch (const usage_error& e) {
        throw usage_error{e.what(), site(), became};
    }
}

[[noreturn]] void fail_row_count(const unit& u, std::size_t index, std::string_view expected, std::size_t rows);

// The result of the caller's statement at `index`, of a unit that did not fail.

inline result result_of(unit& u, std::size_t index) { return std::move(u.own(index).answer); }

template <class T>
std::vector<T> rows_of(unit& u, std::size_t index) {
    const result& r = u.own(index).answer;
    return at_site(
        u, index,
        [&] {
            return row_reader<T>{r, u.form.lax}.read_all();
        },
        outcome::executed);
}

template <class T>
T one_of(unit& u, std::size_t index) {
    const result& r = u.own(index).answer;
    if (r.size() != 1) fail_row_count(u, index, "exactly one row", r.size());
    return at_site(
        u, index,
        [&] {
            return row_reader<T>{r, u.form.lax}.read(0);
        },
        outcome::executed);
}

template <class T>
std::optional<T> optional_of(unit& u, std::size_t index) {
    const result& r = u.own(index).answer;
    if (r.size() > 1) fail_row_count(u, index, "at most one row", r.size());
    return at_site(
        u, index,
        [&]() -> std::optional<T> {
            const row_reader<T> reader{r, u.form.lax};
            if (r.empty()) return std::nullopt;
            return reader.read(0);
        },
        outcome::executed);
}

/// The result of a unit of one statement, by one of the above.
template <auto Of>
auto finish(unit& u) {
    u.throw_failure();
    return Of(u, 0);
}

/// The rows of all statements, in order. A result is freed once it is read.
template <class T>
std::vector<T> finish_all_rows(unit& u) {
    u.throw_failure();
    std::vector<T> rows;
    for (std::size_t i = 0; u.opening_commands + i < u.commands.size(); ++i) {
        result& answer = u.own(i).answer;
        at_site(
            u, i,
            [&] {
                row_reader<T>{answer, u.form.lax}.append_to(rows);
            },
            outcome::executed);
        answer = {};
    }
    return rows;
}

inline std::uint64_t finish_count(unit& u) {
    u.throw_failure();
    return u.affected_rows;
}

inline void finish_nothing(unit& u) { u.throw_failure(); }

/// Of a unit that ends a scope.
struct finish_ending {
    std::shared_ptr<scope> ended;
    purpose how;

    /// Errors: commit_rolled_back when the server rolled back instead, for an earlier error had aborted the
    /// transaction.
    void operator()(unit& u) const;
    /// Calls the hooks of a commit, or leaves them to the outer scope.
    void afterwards() const;
};

/// However a closed connection ended, it is closed. Errors: operation_aborted when it was not closed for that.
void finish_closed(unit& u);

}  // namespace coropg::detail
