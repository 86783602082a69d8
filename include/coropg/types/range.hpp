// Ranges and multiranges: coropg::range<T> and coropg::multirange<T> for the built-in ones, and for your own by one
// line that names them. How they lie on the wire is known in src/types/range.cpp and here only.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/arithmetic.hpp>
#include <coropg/types/array.hpp>
#include <coropg/types/chrono.hpp>
#include <coropg/types/numeric.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coropg {

/// Which of its bounds belong to a range.
enum class bounds { closed_open, closed, open, open_closed };

/// The values between two bounds; a bound that is absent is infinite, and never part of the range.
/// The server brings ranges of integers and dates into the form [lower, upper), and answers with that.
template <class T>
class range {
 public:
    /// The empty range.
    range() = default;
    /// That the lower bound does not exceed the upper one is checked by the server.
    range(std::optional<T> lower, std::optional<T> upper, coropg::bounds which = bounds::closed_open)
        : lower_{std::move(lower)},
          upper_{std::move(upper)},
          is_empty_{false},
          includes_lower_{lower_ && (which == bounds::closed || which == bounds::closed_open)},
          includes_upper_{upper_ && (which == bounds::closed || which == bounds::open_closed)} {}

    static range empty() { return {}; }
    static range unbounded() { return {std::nullopt, std::nullopt}; }
    /// [lower, upper)
    static range closed_open(std::optional<T> lower, std::optional<T> upper) {
        return {std::move(lower), std::move(upper), bounds::closed_open};
    }
    /// [lower, upper]
    static range closed(std::optional<T> lower, std::optional<T> upper) {
        return {std::move(lower), std::move(upper), bounds::closed};
    }
    /// (lower, upper)
    static range open(std::optional<T> lower, std::optional<T> upper) {
        return {std::move(lower), std::move(upper), bounds::open};
    }
    /// (lower, upper]
    static range open_closed(std::optional<T> lower, std::optional<T> upper) {
        return {std::move(lower), std::move(upper), bounds::open_closed};
    }

    [[nodiscard]] bool is_empty() const noexcept { return is_empty_; }
    /// Nothing when the range is empty or has no lower bound.
    [[nodiscard]] const std::optional<T>& lower() const noexcept { return lower_; }
    /// Nothing when the range is empty or has no upper bound.
    [[nodiscard]] const std::optional<T>& upper() const noexcept { return upper_; }
    [[nodiscard]] bool includes_lower() const noexcept { return includes_lower_; }
    [[nodiscard]] bool includes_upper() const noexcept { return includes_upper_; }

    [[nodiscard]] bool contains(const T& value) const
        requires std::totally_ordered<T>
    {
        return !is_empty_ && (!lower_ || (includes_lower_ ? *lower_ <= value : *lower_ < value)) &&
               (!upper_ || (includes_upper_ ? value <= *upper_ : value < *upper_));
    }

    /// Compares what is written: [1,3] and [1,4) are two ranges of integers, until the server has made them one.
    bool operator==(const range&) const = default;

 private:
    std::optional<T> lower_;
    std::optional<T> upper_;
    bool is_empty_ = true;
    bool includes_lower_ = false;
    bool includes_upper_ = false;
};

/// Several ranges. The server sorts them and joins those that touch.
template <class T>
class multirange {
 public:
    multirange() = default;
    explicit multirange(std::vector<range<T>> parts) : ranges{std::move(parts)} {}

    [[nodiscard]] bool contains(const T& value) const
        requires std::totally_ordered<T>
    {
        return std::ranges::any_of(ranges, [&](const range<T>& part) { return part.contains(value); });
    }

    bool operator==(const multirange&) const = default;

    std::vector<range<T>> ranges;
};

/// The range type of an element type, and the multirange type that comes with it.
struct range_types {
    pg_type range;
    pg_type multirange;
};

/// Specialise this for the element type of your own range type, under the names that the database has for them:
///
///     // CREATE TYPE floatrange AS RANGE (subtype = float8)
///     template <> inline constexpr coropg::range_types coropg::range_types_of<double>{{"floatrange"},
///                                                                                    {"floatmultirange"}};
template <class T>
inline constexpr range_types range_types_of{};

// Of 64 bits are both long and long long on many machines, of 32 int and long on others.
template <detail::integer T>
    requires(std::is_signed_v<T> && sizeof(T) == 4)
inline constexpr range_types range_types_of<T>{{"int4range", 3904, 3905}, {"int4multirange", 4451, 6150}};
template <detail::integer T>
    requires(std::is_signed_v<T> && sizeof(T) == 8)
inline constexpr range_types range_types_of<T>{{"int8range", 3926, 3927}, {"int8multirange", 4536, 6157}};
template <>
inline constexpr range_types range_types_of<numeric>{{"numrange", 3906, 3907}, {"nummultirange", 4532, 6151}};
template <>
inline constexpr range_types range_types_of<std::chrono::sys_days>{{"daterange", 3912, 3913},
                                                                   {"datemultirange", 4535, 6155}};
template <detail::timestamp_duration Duration>
inline constexpr range_types range_types_of<std::chrono::local_time<Duration>>{{"tsrange", 3908, 3909},
                                                                               {"tsmultirange", 4533, 6152}};
template <detail::timestamp_duration Duration>
inline constexpr range_types range_types_of<std::chrono::sys_time<Duration>>{{"tstzrange", 3910, 3911},
                                                                             {"tstzmultirange", 4534, 6153}};

namespace detail {

template <class T>
concept range_element = decodable<T> && encodable<T> && !range_types_of<T>.range.name.empty();

/// The type of the bounds of a built-in range type; 0 for any other type.
constexpr oid bound_of_range(oid range) noexcept {
    switch (range) {
        case 3904: return oids::int4;
        case 3906: return oids::numeric;
        case 3908: return oids::timestamp;
        case 3910: return oids::timestamptz;
        case 3912: return oids::date;
        case 3926: return oids::int8;
        default: return 0;
    }
}

/// The same of a multirange type.
constexpr oid bound_of_multirange(oid multirange) noexcept {
    switch (multirange) {
        case 4451: return oids::int4;
        case 4532: return oids::numeric;
        case 4533: return oids::timestamp;
        case 4534: return oids::timestamptz;
        case 4535: return oids::date;
        case 4536: return oids::int8;
        default: return 0;
    }
}

/// A range as it lies on the wire. Lifetime: views into the field's bytes, or into this object itself.
struct range_parts {
    range_parts() = default;
    range_parts(const range_parts&) = delete;
    range_parts& operator=(const range_parts&) = delete;

    /// Whether `bound` lies in this object.
    [[nodiscard]] bool is_copy(std::string_view bound) const noexcept {
        return bound.data() == unescaped_lower.data() || bound.data() == unescaped_upper.data();
    }

    bool is_empty = false;
    bool includes_lower = false;
    bool includes_upper = false;
    std::optional<std::string_view> lower;
    std::optional<std::string_view> upper;
    std::string unescaped_lower;
    std::string unescaped_upper;
};

/// Reads a range in either format. Returns why it cannot be read, or null.
const char* read_range(const field& f, range_parts& out);

/// Walks the ranges of a multirange in either format. Lifetime: a view into the field's bytes.
class multirange_reader {
 public:
    explicit multirange_reader(const field& f);

    /// The number of ranges to reserve, never more than the bytes left can hold; 0 for the text format, which has no
    /// count.
    [[nodiscard]] std::size_t announced() const noexcept { return is_binary_ ? left_ : 0; }
    /// Goes to the next range; false at the end and at a problem.
    bool next(range_parts& out);
    /// Why the multirange cannot be read, or null.
    [[nodiscard]] const char* problem() const noexcept { return problem_; }

 private:
    bool next_binary(range_parts& out);
    bool next_text(range_parts& out);
    bool stop(const char* problem);

    std::string_view rest_;
    const char* problem_ = nullptr;
    std::size_t left_ = 0;
    bool is_binary_ = false;
    bool is_first_ = true;
    bool is_done_ = false;
};

/// Appends the byte that a range begins with in binary.
void write_range_flags(bool is_empty, bool includes_lower, bool includes_upper, bool has_lower, bool has_upper,
                       encoder& out);

/// The common part of ranges and multiranges. They go out in binary, or as text when `codec<T>` writes text.
template <range_element T>
struct range_codec {
    static constexpr format wire = wire_format<T>();
    static constexpr bool is_view = detail::is_view<T>;

 protected:
    /// `bound` is the type of the bounds of a built-in type, or 0.
    static bool reads_bounds(oid from, const pg_type& type, oid bound) {
        return bound != 0 ? codec<T>::reads(bound) : type.oid == 0 && from >= first_user_oid;
    }

    static range<T> to_range(const field& f, const range_parts& parts, oid builtin_bound) {
        if (parts.is_empty) return {};
        const oid type = builtin_bound != 0 ? builtin_bound : codec<T>::type.oid;
        const auto bound = [&](std::optional<std::string_view> bytes) -> std::optional<T> {
            if (!bytes) return std::nullopt;
            const field part = f.part(*bytes, type);
            if constexpr (is_view) {
                if (parts.is_copy(*bytes)) part.fail<T>("a bound in quotes cannot be viewed; read it as std::string");
            }
            return codec<T>::decode(part);
        };
        return {bound(parts.lower), bound(parts.upper),
                parts.includes_lower ? (parts.includes_upper ? bounds::closed : bounds::closed_open)
                                     : (parts.includes_upper ? bounds::open_closed : bounds::open)};
    }

    static void write_range(const range<T>& value, encoder& out) {
        if constexpr (wire == format::binary)
            write_binary(value, out);
        else
            write_text(value, out);
    }

 private:
    static void write_binary(const range<T>& value, encoder& out) {
        write_range_flags(value.is_empty(), value.includes_lower(), value.includes_upper(), value.lower().has_value(),
                          value.upper().has_value(), out);
        for (const std::optional<T>* bound : {&value.lower(), &value.upper()}) {
            if (*bound) out.sized([&] { codec<T>::encode(**bound, out); });
        }
    }

    static void write_text(const range<T>& value, encoder& out) {
        if (value.is_empty()) return out.bytes("empty");
        out.bytes(value.includes_lower() ? "[" : "(");
        write_text(value.lower(), out);
        out.bytes(",");
        write_text(value.upper(), out);
        out.bytes(value.includes_upper() ? "]" : ")");
    }

    static void write_text(const std::optional<T>& bound, encoder& out) {
        if (!bound) return;
        std::vector<char> text;
        encoder plain{text};
        codec<T>::encode(*bound, plain);
        write_quoted_element({text.data(), text.size()}, out);
    }
};

}  // namespace detail

template <detail::range_element T>
struct codec<range<T>> : detail::range_codec<T> {
    static constexpr pg_type type = range_types_of<T>.range;

    static bool reads(oid from) { return codec::reads_bounds(from, type, detail::bound_of_range(from)); }
    static range<T> decode(const field& f) {
        detail::range_parts parts;
        if (const char* const problem = detail::read_range(f, parts)) f.fail<range<T>>(problem);
        return codec::to_range(f, parts, detail::bound_of_range(f.type()));
    }
    static void encode(const range<T>& value, encoder& out) { codec::write_range(value, out); }
};

template <detail::range_element T>
struct codec<multirange<T>> : detail::range_codec<T> {
    static constexpr pg_type type = range_types_of<T>.multirange;

    static bool reads(oid from) { return codec::reads_bounds(from, type, detail::bound_of_multirange(from)); }
    static multirange<T> decode(const field& f) {
        detail::multirange_reader in{f};
        detail::range_parts parts;
        multirange<T> value;
        value.ranges.reserve(in.announced());
        const oid bound = detail::bound_of_multirange(f.type());
        while (in.next(parts)) value.ranges.push_back(codec::to_range(f, parts, bound));
        if (in.problem() != nullptr) f.fail<multirange<T>>(in.problem());
        return value;
    }
    static void encode(const multirange<T>& value, encoder& out) {
        if constexpr (codec::wire == format::binary) {
            out.number(static_cast<std::uint32_t>(value.ranges.size()));
            for (const range<T>& part : value.ranges) out.sized([&] { codec::write_range(part, out); });
        } else {
            char separator = '{';
            for (const range<T>& part : value.ranges) {
                out.bytes({&separator, 1});
                codec::write_range(part, out);
                separator = ',';
            }
            out.bytes(separator == '{' ? "{}" : "}");
        }
    }
};

}  // namespace coropg
