// The one customisation point between C++ and PostgreSQL types: `codec<T>`, and what it reads from (`field`) and
// writes to (`encoder`). The codecs of the library are in <coropg/types/*.hpp>, one family a file; adding one touches
// nothing else. This room knows nothing of connections.
#pragma once

#include <coropg/error.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

struct pg_result;  // libpq's PGresult

namespace coropg {

/// The number by which a server names a type. Source: PostgreSQL manual, "Object Identifier Types".
using oid = std::uint32_t;

/// The two representations of a value on the wire.
enum class format : int { text = 0, binary = 1 };

/// A PostgreSQL type as a codec names it. `oid` and `array_oid` are 0 for types whose numbers differ from one database
/// to the next; each connection then asks its server for the number of `name`, once. The name is what SQL would say:
/// "mood", "app.mood", "\"Mood\"". Lifetime: `name` refers to static memory.
struct pg_type {
    std::string_view name;
    coropg::oid oid = 0;
    coropg::oid array_oid = 0;
};

/// Specialise this for a C++ type to use it as a parameter, as a column and as an array element:
///
///     template <> struct coropg::codec<celsius> {
///         static constexpr pg_type type{"float8", 701, 1022};
///         static bool reads(oid from) { return from == 701; }
///         static celsius decode(const field& f) { return {codec<double>::decode(f)}; }
///         static void encode(celsius c, encoder& out) { codec<double>::encode(c.degrees, out); }
///     };
///
/// `encode` may be left out for a type that is only read, `decode` and `reads` for one that is only sent.
/// A type with a value of its own for NULL has `static T null()`.
/// A codec whose parameters are sent as text says so with `static constexpr format wire = format::text`; one whose
/// parameters the server is to infer the type of, with `static constexpr bool is_inferred = true`; one whose values refer
/// to the bytes that they were decoded from, with `static constexpr bool is_view = true`: `fetch` refuses them. One that
/// also decodes what the server prints, which is what `field::wire_format()` then says, has `static constexpr bool
/// reads_text = true`: it reads columns whose results come as text. What is derived from another codec inherits all four.
template <class T>
struct codec;

namespace detail {

/// The C++ type's name as the compiler spells it, for error texts.
template <class T>
constexpr std::string_view type_name() {
    constexpr std::string_view pretty = __PRETTY_FUNCTION__;
    constexpr std::size_t from = pretty.find("T = ") + 4;
    constexpr std::size_t to = pretty.find_first_of(";]", from);
    return pretty.substr(from, to - from);
}

/// What a C++ type is, as far as the advice of an error depends on it. Of a list, what its elements are.
struct cpp_kind {
    enum : unsigned char { other, boolean, integer, floating, text, structure } what = other;
    unsigned char size = 0;
    bool is_list = false;
};

/// A JSON value of nlohmann's holds values of its own type.
template <class T>
concept holds_others = requires { typename T::value_type; } && !std::is_same_v<typename T::value_type, T>;

template <class T>
consteval cpp_kind kind_of() {
    if constexpr (std::is_same_v<T, bool>) {
        return {cpp_kind::boolean, sizeof(T)};
    } else if constexpr (std::is_integral_v<T>) {
        return {cpp_kind::integer, sizeof(T)};
    } else if constexpr (std::is_floating_point_v<T>) {
        return {cpp_kind::floating, sizeof(T)};
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        return {cpp_kind::text};
    } else if constexpr (holds_others<T> && requires(const T& list) { list.begin() == list.end(); }) {
        cpp_kind kind = kind_of<typename T::value_type>();
        kind.is_list = true;
        return kind;
    } else if constexpr (holds_others<T> && requires(const T& optional) { *optional; }) {
        return kind_of<typename T::value_type>();
    } else if constexpr (std::is_aggregate_v<T> && std::is_class_v<T>) {
        return {cpp_kind::structure};
    } else {
        return {};
    }
}

class type_catalog;

/// The unsigned integer of as many bytes as `Number` has.
template <class Number>
using bits_of =
    std::conditional_t<sizeof(Number) == 8, std::uint64_t,
                       std::conditional_t<sizeof(Number) == 4, std::uint32_t,
                                          std::conditional_t<sizeof(Number) == 2, std::uint16_t, std::uint8_t>>>;

/// The number whose bytes on a machine of that byte order are those of `bits` in network order, and the other way
/// round.
template <std::endian Machine = std::endian::native, class Bits>
constexpr Bits in_network_order(Bits bits) noexcept {
    static_assert(Machine == std::endian::big || Machine == std::endian::little);
    if constexpr (Machine == std::endian::big || sizeof bits == 1)
        return bits;
    else if constexpr (sizeof bits == 8)
        return __builtin_bswap64(bits);
    else if constexpr (sizeof bits == 4)
        return __builtin_bswap32(bits);
    else
        return __builtin_bswap16(bits);
}

/// Writes `number` in network order. Its bytes are turned round as an integer: in the registers of the x87 those of a
/// float might be taken for a signalling NaN, and changed.
template <class Number>
void store(char* to, Number number) noexcept {
    const auto bits = in_network_order(std::bit_cast<bits_of<Number>>(number));
    std::memcpy(to, &bits, sizeof bits);
}

/// Where a value stands, so that a decoder's error can name its column; and what is known of types there.
struct field_place {
    const pg_result* result = nullptr;
    int row = 0;
    int column = 0;
    const type_catalog* types = nullptr;
};

/// The first OID that a server gives to a type made by a user or an extension.
/// Source: FirstNormalObjectId in PostgreSQL's access/transam.h.
inline constexpr oid first_user_oid = 16384;

/// The type whose codec reads `type`: of a domain its base, of an enum text, else the type itself.
oid like_known(const type_catalog& types, oid type) noexcept;
inline oid like(const type_catalog* types, oid type) noexcept {
    return type < first_user_oid || types == nullptr ? type : like_known(*types, type);
}

}  // namespace detail

/// One value as it came from the server, read by `codec<T>::decode`; never NULL (`std::optional` is asked first).
/// Lifetime: a view into the result.
class field {
 public:
    field(std::string_view bytes, coropg::oid type, coropg::format format, detail::field_place place)
        : bytes_{bytes}, type_{type}, format_{format}, place_{place} {}

    /// The value's bytes in its `wire_format()`.
    [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
    /// The OID of its type; of a domain that of its base, of an enum that of text.
    [[nodiscard]] coropg::oid type() const noexcept { return type_; }
    /// Whether its type may be `name`, a type that is not built in: false only when it is known to be another.
    [[nodiscard]] bool may_be(std::string_view name) const noexcept;
    /// The type of the elements of an array; 0 when it is not known.
    [[nodiscard]] coropg::oid element_type() const noexcept;
    /// The names of the attributes of a composite, in its order; empty when they are not known.
    [[nodiscard]] std::vector<std::string_view> attributes() const;
    /// The known types that are not built in; may be null.
    [[nodiscard]] const detail::type_catalog* types() const noexcept { return place_.types; }
    [[nodiscard]] coropg::format wire_format() const noexcept { return format_; }
    [[nodiscard]] bool is_binary() const noexcept { return format_ == format::binary; }

    /// A part of this value (an element of an array, a member of a composite); errors still name the column.
    [[nodiscard]] field part(std::string_view bytes, coropg::oid type) const {
        return {bytes, detail::like(place_.types, type), format_, place_};
    }

    /// Another part like this one.
    [[nodiscard]] field with_bytes(std::string_view bytes) const { return {bytes, type_, format_, place_}; }

    /// The same. A decoder that gives only copies to functions out of line leaves its field in registers, and so costs
    /// less where it does not call them.
    [[nodiscard]] field copy() const { return {bytes_, type_, format_, place_}; }

    /// Throws a decode_error that names column, PostgreSQL type, C++ type and `reason`.
    template <class T>
    [[noreturn]] void fail(std::string_view reason) const {
        copy().fail(detail::type_name<T>(), reason);
    }
    /// Throws the decode_error of a type that `T` has no codec for, with advice what to read it as.
    template <class T>
    [[noreturn]] void mismatch() const {
        copy().mismatch(detail::type_name<T>(), detail::kind_of<T>());
    }
    /// Throws the null_error of a NULL where `T` cannot hold one.
    template <class T>
    [[noreturn]] void null() const {
        copy().null(detail::type_name<T>());
    }

    /// Reads a big-endian number from the front of `bytes`; the caller has checked the size.
    template <class Number>
    static Number load(const char* from) {
        static_assert(std::is_arithmetic_v<Number>);
        detail::bits_of<Number> bits;
        std::memcpy(&bits, from, sizeof bits);
        return std::bit_cast<Number>(detail::in_network_order(bits));
    }

    /// Reads a value that must be exactly one big-endian `Number`; `T` is the C++ type that an error names.
    template <class T, class Number>
    [[nodiscard]] Number exactly() const {
        if (bytes_.size() != sizeof(Number)) [[unlikely]]
            copy().fail_length(detail::type_name<T>());
        return load<Number>(bytes_.data());
    }

 private:
    [[noreturn]] void fail(std::string_view cpp_type, std::string_view reason) const;
    [[noreturn]] void fail_length(std::string_view cpp_type) const;
    [[noreturn]] void mismatch(std::string_view cpp_type, detail::cpp_kind kind) const;
    [[noreturn]] void null(std::string_view cpp_type) const;

    std::string_view bytes_;
    coropg::oid type_;
    coropg::format format_;
    detail::field_place place_;
};

namespace detail {

/// A place in encoded bytes that waits for what only the server knows of a type: its OID, or how its attributes stand.
struct unresolved_type {
    std::size_t offset;
    std::string_view type_name;
    /// Set for a composite: the members that were written, in their order.
    std::span<const std::string_view> members{};
};

}  // namespace detail

/// Where `codec<T>::encode` writes a parameter's bytes.
class encoder {
 public:
    explicit encoder(std::vector<char>& out, std::vector<detail::unresolved_type>* unresolved = nullptr)
        : out_{out}, unresolved_{unresolved} {}

    void bytes(std::string_view data) { out_.insert(out_.end(), data.begin(), data.end()); }

    /// Appends `number` in network byte order.
    template <class Number>
    void number(Number number) {
        char raw[sizeof number];
        detail::store(raw, number);
        bytes({raw, sizeof raw});
    }

    /// Appends the OID of `type`, as arrays and composites carry it; what only the server knows is filled in before the
    /// statement is sent.
    void type_oid(const pg_type& type) {
        if (type.oid == 0 && unresolved_ != nullptr) unresolved_->push_back({out_.size(), type.name});
        number(type.oid);
    }

    /// Notes that a composite of this type begins here, whose `members` are about to be written.
    void composite(const pg_type& type, std::span<const std::string_view> members) {
        if (unresolved_ != nullptr) unresolved_->push_back({out_.size(), type.name, members});
    }

    /// Appends text. Errors: usage_error when it holds a NUL byte, which PostgreSQL cannot store.
    void text(std::string_view data);

    /// Appends a 32-bit length and then what `write()` appends.
    /// Errors: usage_error when that is longer than the protocol can say.
    template <class Write>
    void sized(Write&& write) {
        const std::size_t at = out_.size();
        number(std::int32_t{0});
        write();
        patch_length(at);
    }

    [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }

 private:
    void patch_length(std::size_t at);

    std::vector<char>& out_;
    std::vector<detail::unresolved_type>* unresolved_;
};

namespace detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
struct without_optional {
    using type = T;
};
template <class T>
struct without_optional<std::optional<T>> {
    using type = T;
};
/// The type of a column or an element without its optional.
template <class T>
using value_type = typename without_optional<T>::type;

/// A type that refers to the result's memory, for one of its parts may.
template <class T>
inline constexpr bool is_view = [] {
    if constexpr (requires { codec<T>::is_view; })
        return codec<T>::is_view;
    else
        return false;
}();

/// A C++ type with a codec that decodes.
template <class T>
concept decodable = requires(const field& f, oid type) {
    { codec<T>::decode(f) } -> std::convertible_to<T>;
    { codec<T>::reads(type) } -> std::convertible_to<bool>;
};

/// A C++ type with a codec that encodes.
template <class T>
concept encodable = requires(const T& value, encoder& out) {
    codec<T>::encode(value, out);
    { codec<T>::type } -> std::convertible_to<pg_type>;
};

template <class T>
constexpr format wire_format() {
    if constexpr (requires { codec<T>::wire; })
        return codec<T>::wire;
    else
        return format::binary;
}

/// Whether parameters go out without a declared type.
template <class T>
constexpr bool is_inferred() {
    if constexpr (requires { codec<T>::is_inferred; })
        return codec<T>::is_inferred;
    else
        return codec<T>::type.oid == 0 && codec<T>::type.name.empty();
}

/// A codec of a type whose OID each server has its own of.
template <class T>
constexpr bool is_named() {
    return codec<T>::type.oid == 0 && !codec<T>::type.name.empty();
}

/// NULL as `T`, a column's or an element's type. Errors: null_error if T cannot hold it.
template <class T>
T null_value(const field& f) {
    if constexpr (is_optional<T>)
        return std::nullopt;
    else if constexpr (requires { codec<T>::null(); })
        return codec<T>::null();
    else
        f.null<T>();
}

/// Whether T's codec reads values of the type of `f`.
template <decodable T>
bool reads(const field& f) {
    if (!codec<T>::reads(f.type())) return false;
    if constexpr (requires { codec<T>::type; }) {
        if constexpr (is_named<T>()) return f.may_be(codec<T>::type.name);
    }
    return true;
}

/// Whether T's codec reads what the server prints, so that nothing is lost or mistaken.
template <class T>
constexpr bool reads_text() {
    if constexpr (requires { codec<T>::reads_text; })
        return codec<T>::reads_text;
    else
        return false;
}

/// Whether T's codec reads the text of any type.
template <class T>
constexpr bool reads_any_text() {
    if constexpr (requires { codec<T>::reads_any_text; })
        return codec<T>::reads_any_text;
    else
        return false;
}

/// Whether T is read from a column like that of `f`, in the format of its result.
template <decodable T>
bool reads_column(const field& f) {
    if (!f.is_binary()) [[unlikely]]
        return reads_any_text<T>() || (reads_text<T>() && reads<T>(f));
    return reads<T>(f);
}

/// A type whose codec has a short way for values in binary: those of a plain type and size are what `decode_plain`
/// makes of them; nothing can be wrong with them.
template <class T>
concept plainly_decodable = requires(std::string_view bytes) {
    { codec<T>::decode_plain(bytes) } -> std::same_as<T>;
};

/// The codec's own type, unless it names others.
template <plainly_decodable T>
bool is_plain_type(oid type) {
    if constexpr (requires { codec<T>::reads_plain(type); })
        return codec<T>::reads_plain(type);
    else
        return type == codec<T>::type.oid;
}

/// A number has the size of its type; text has any but none, for without a byte it may be NULL.
template <plainly_decodable T>
bool has_plain_size(std::string_view bytes) {
    return std::is_arithmetic_v<T> ? bytes.size() == sizeof(T) : !bytes.empty();
}

/// Decodes one value that is known not to be NULL, after asking whether the codec reads its type.
template <decodable T>
T decode(const field& f) {
    if (!reads<T>(f)) [[unlikely]]
        f.mismatch<T>();
    return codec<T>::decode(f);
}

}  // namespace detail
}  // namespace coropg
