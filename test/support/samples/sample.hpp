// Values of every C++ type with a codec, made from a stream of bytes: random ones for test/differential, a fuzzer's for
// test/fuzz. One file a family, as in coropg/types.
#pragma once

#include <coropg/types/arithmetic.hpp>

#include <cstdarg>
#include <cstdio>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace coropg::test {

/// Where samples get their bits: at random, or from bytes given, which zeros follow.
class source {
 public:
    explicit source(std::uint64_t seed) : random_{seed} {}
    explicit source(std::string_view bytes) : rest_{bytes} {}

    std::uint64_t bits(int count) {
        if (random_) return (*random_)() >> (64 - count);
        std::uint64_t value = 0;
        for (int i = 0; i < count && !rest_.empty(); i += 8) {
            value = value << 8U | static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
        }
        return count == 64 ? value : value & ((std::uint64_t{1} << count) - 1);
    }
    /// 0 <= value < limit
    std::uint64_t below(std::uint64_t limit) { return bits(limit <= 256 ? 16 : 64) % limit; }
    /// The same as a size, which has 32 bits on some machines.
    std::size_t size_below(std::size_t limit) { return static_cast<std::size_t>(below(limit)); }
    bool one_in(std::uint64_t n) { return below(n) == n - 1; }
    /// first <= value <= last, for ranges of less than 64 bits.
    std::int64_t between(std::int64_t first, std::int64_t last) {
        const auto width = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first) + 1;
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + below(width));
    }
    /// Of every magnitude as often as of any other; the limits of T among them.
    template <detail::integer T>
    T number() {
        if (one_in(32)) return one_in(2) ? std::numeric_limits<T>::max() : std::numeric_limits<T>::min();
        const auto width = static_cast<int>(8 * sizeof(T));
        const std::uint64_t magnitude = bits(width) >> below(static_cast<std::uint64_t>(width));
        return static_cast<T>(std::is_signed_v<T> && one_in(2) ? ~magnitude : magnitude);
    }

 private:
    std::optional<std::mt19937_64> random_;
    std::string_view rest_;
};

/// `make` makes a value. `print` makes its canonical line, by which values are compared: two of them print alike exactly
/// when they are the same to PostgreSQL, NaN included, and differential/against_psycopg.py prints what Python reads alike.
/// Where the server's own text can be had without the code under test,
/// there is `text`.
template <class T>
struct sample;

/// As printf. No template, so that the compiler compares the arguments with the format, on machines of any word size.
[[gnu::format(printf, 1, 2)]] inline std::string formatted(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    std::va_list again;
    va_copy(again, arguments);
    std::string text(static_cast<std::size_t>(std::vsnprintf(nullptr, 0, format, arguments)), '\0');
    std::vsnprintf(text.data(), text.size() + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

inline std::string hex(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) text += formatted("%02x", static_cast<unsigned char>(c));
    return text;
}

}  // namespace coropg::test
