// What the operations of a session were answered, and what must therefore be true of a table into which each of them
// wrote rows with ids of their own.
#pragma once

#include <coropg/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coropg::test {

/// What an answer says about the row of a statement.
enum class claim : unsigned char { stored, absent, either };

/// Nothing stands for success.
inline claim claim_of(const std::optional<outcome>& became) {
    if (!became || *became == outcome::executed) return claim::stored;
    return *became == outcome::unknown ? claim::either : claim::absent;
}

/// Of what takes effect only if two things do.
inline claim both(claim a, claim b) {
    if (a == claim::absent || b == claim::absent) return claim::absent;
    return a == claim::either || b == claim::either ? claim::either : claim::stored;
}

/// One call, which ends once: by a value or by an error of coropg.
struct operation {
    std::string_view name;
    std::chrono::milliseconds limit{0};  ///< by which it must have ended
    std::chrono::milliseconds took{0};
    int endings = 0;
    std::exception_ptr problem{};  ///< nothing: a value
    std::optional<outcome> became{};
    std::string text{};

    [[nodiscard]] bool succeeded() const { return endings == 1 && !problem; }

    template <class Error>
    [[nodiscard]] bool failed_with() const {
        try {
            if (problem) std::rethrow_exception(problem);
        } catch (const Error&) {
            return true;
        } catch (...) {
        }
        return false;
    }

    void fail(std::exception_ptr why) {
        problem = std::move(why);
        try {
            std::rethrow_exception(problem);
        } catch (const error& e) {
            became = e.outcome();
            text = e.what();
        } catch (const std::exception& e) {
            text = std::string{"no error of coropg: "} + e.what();
        }
    }
};

/// The rows by their ids, and how often each is there.
using stored_ids = std::map<std::int64_t, int>;

/// One session, in the order of its operations. It is used by one thread at a time.
class history {
 public:
    /// What `id` must be in the end.
    void expect(std::int64_t id, claim what) { expected_.emplace_back(id, what); }
    /// These are in the table together, or none of them is.
    void expect_together(std::vector<std::int64_t> ids) { together_.push_back(std::move(ids)); }

    /// Notes that something is wrong with the session.
    void complain(std::string what) { complaints_.push_back(std::move(what)); }

    /// What is wrong, with the session itself and with what the table has of it.
    [[nodiscard]] std::vector<std::string> complaints(const stored_ids& table) const {
        std::vector<std::string> all = complaints_;
        const auto count = [&](std::int64_t id) {
            const auto found = table.find(id);
            return found == table.end() ? 0 : found->second;
        };
        for (const auto& [id, what] : expected_) {
            const std::string row = "row " + std::to_string(id);
            if (count(id) > 1) all.push_back(row + " was written twice");
            if (count(id) == 0 && what == claim::stored) all.push_back(row + " was acknowledged and is lost");
            if (count(id) > 0 && what == claim::absent)
                all.push_back(row + " was told to have no effect, and is there");
        }
        for (const auto& ids : together_)
            if (std::ranges::any_of(ids, [&](auto id) { return count(id) != count(ids.front()); }))
                all.push_back("of one transaction only a part is stored");
        return all;
    }

    std::vector<operation> operations;

 private:
    std::vector<std::pair<std::int64_t, claim>> expected_;
    std::vector<std::vector<std::int64_t>> together_;
    std::vector<std::string> complaints_;
};

}  // namespace coropg::test
