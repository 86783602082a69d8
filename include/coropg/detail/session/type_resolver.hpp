// The types that a session knows which are not built in, and the lookups under way that will tell it more. Nobody knows
// the OIDs of such types before a server tells.
#pragma once

#include <coropg/detail/session/unit.hpp>
#include <coropg/detail/values/type_catalog.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace coropg::detail {

class type_resolver {
 public:
    /// The known types; sessions of one database share them.
    [[nodiscard]] const std::shared_ptr<const type_catalog>& known() const noexcept { return known_; }
    void share(std::shared_ptr<const type_catalog> known) noexcept {
        known_ = std::move(known);
        ++generation_;
    }
    /// Keeps what is known as what the next user of a connection may know: with another search_path, names mean other
    /// types.
    void keep_clean() noexcept { clean_ = known_; }
    void restore_clean() noexcept {
        is_meaning_local_ = false;
        share(std::move(clean_));
    }
    /// Changes whenever names may have been forgotten; never 0.
    [[nodiscard]] std::size_t generation() const noexcept { return generation_; }

    /// Fills the parameters' places for types. False if some are not known.
    [[nodiscard]] bool fill_types(params& parameters) const { return parameters.fill_types(*known_); }
    /// The names of those types in a list. For an error.
    [[nodiscard]] std::string missing_types(const params& parameters) const;
    /// Has `answer` know the types of its columns, and notes in `u` those that must be asked for.
    void note_types(unit& u, result& answer) const;

    void begin_lookup() noexcept { ++lookups_; }
    /// `answer` is null if the lookup failed. What may be learned in a transaction holds until that is undone.
    void end_lookup(const result* answer, bool in_transaction = false);
    [[nodiscard]] bool is_looking_up() const noexcept { return lookups_ > 0; }
    /// Names are asked for again at their next use: a type may have been altered or made anew.
    void forget_names();
    /// Types are asked for again at their next use, and names, too.
    void forget();
    /// Statements that may have done so to types are done. What they did, and what was learned, may end with the
    /// transaction, until the server is `at_rest`.
    void settle(name_change done, bool at_rest) {
        if (done != name_change::none || is_meaning_local_ || is_provisional_) forget_by(done, at_rest);
    }
    /// The transaction is undone, or out of sight, and with it what was learned of types in it.
    void undo();

 private:
    void forget_by(name_change done, bool at_rest);

    std::shared_ptr<const type_catalog> known_ = std::make_shared<type_catalog>();
    std::shared_ptr<const type_catalog> clean_;  // as before the first change of the session
    std::size_t lookups_ = 0;                    // not ended yet
    bool is_provisional_ = false;                // something was learned in a transaction that is open
    bool is_meaning_local_ = false;              // of names, which may be another when it ends
    std::size_t generation_ = 1;
};

}  // namespace coropg::detail
