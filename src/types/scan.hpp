// Reads dates, times and intervals as the server prints them, from front to back. Each function takes what it names
// from the front, or says false; what it has taken by then is lost, for the whole value is refused anyway.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace coropg::detail {

class scanner {
 public:
    explicit scanner(std::string_view text) : rest_{text} {}

    [[nodiscard]] bool done() const noexcept { return rest_.empty(); }

    bool take(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(wanted.size());
        return true;
    }

    /// A number of `least` to `most` digits, at most 18.
    bool number(std::size_t least, std::size_t most, std::int64_t& out) {
        std::size_t digits = 0;
        while (digits < rest_.size() && digits < most && rest_[digits] >= '0' && rest_[digits] <= '9') ++digits;
        if (digits < least) return false;
        std::from_chars(rest_.data(), rest_.data() + digits, out);
        rest_.remove_prefix(digits);
        return true;
    }

    /// ":mm:ss", and up to six digits after a point, as microseconds.
    bool minutes_and_seconds(std::int64_t& micros) {
        std::int64_t minutes = 0;
        std::int64_t seconds = 0;
        if (!take(":") || !number(2, 2, minutes) || minutes > 59) return false;
        if (!take(":") || !number(2, 2, seconds) || seconds > 59) return false;
        micros = (minutes * 60 + seconds) * 1'000'000;
        if (!take(".")) return true;
        const std::size_t before = rest_.size();
        std::int64_t fraction = 0;
        if (!number(1, 6, fraction)) return false;
        for (std::size_t digits = before - rest_.size(); digits < 6; ++digits) fraction *= 10;
        micros += fraction;
        return true;
    }

 private:
    std::string_view rest_;
};

}  // namespace coropg::detail
