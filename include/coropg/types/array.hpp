// One-dimensional arrays: std::vector<T>, std::array<T, N> and, as a parameter, std::span<const T>, for every T with a
// codec; std::optional<T> where elements can be NULL. PostgreSQL's arrays also have bounds: whatever the lower one is,
// the first element becomes the first. How arrays lie on the wire is known in src/types/array.cpp and here only.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/detail/pg_types.hpp>
#include <coropg/types/arithmetic.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace coropg {

namespace detail {

/// Walks the elements of a one-dimensional array in either format.
/// Lifetime: a view into the field's bytes; what it finds may also live in the reader itself.
class array_reader {
 public:
    explicit array_reader(const field& f);

    /// 0 when it is not known: a text does not tell, and only built-in arrays are in our table.
    [[nodiscard]] oid element_type() const noexcept { return element_type_; }
    /// How many elements there may be; never more than the bytes left can hold. A text does not tell: 0.
    [[nodiscard]] std::size_t announced() const noexcept { return is_binary_ ? left_ : 0; }

    /// Goes to the next element; false at the end and at a problem.
    bool next();
    /// Why the array cannot be read, or null.
    [[nodiscard]] const char* problem() const noexcept { return problem_; }

    [[nodiscard]] bool is_null() const noexcept { return is_null_; }
    [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
    /// Whether `bytes()` lives in the reader, until the next `next()`.
    [[nodiscard]] bool is_copy() const noexcept { return is_copy_; }

 private:
    void open_binary();
    void open_text();
    bool next_binary();
    bool next_text();
    bool read_quoted();
    bool read_plain();
    bool stop(const char* problem);

    std::string_view rest_;
    std::string_view bytes_;
    std::string unescaped_;
    const char* problem_ = nullptr;
    std::size_t left_ = 0;
    oid element_type_ = 0;
    char delimiter_ = ',';
    bool is_binary_ = false;
    bool is_null_ = false;
    bool is_copy_ = false;
    bool is_first_ = true;
    bool is_done_ = false;
};

/// Appends the header of an array in binary. Errors: usage_error for more elements than the protocol can count.
void write_array_header(std::size_t size, bool has_null, oid element, encoder& out);
/// Appends an element of an array in text, in quotes.
void write_quoted_element(std::string_view text, encoder& out);

template <class T>
inline constexpr bool is_array_codec = requires { typename codec<T>::array_of; };

template <class T>
concept has_codec = decodable<T> || encodable<T>;

/// What may be an element: anything with a codec but arrays. Left out are `char` and `unsigned char`, for a vector of
/// them is as likely meant to be text or bytea.
template <class Element>
concept array_element = std::same_as<Element, std::remove_cv_t<Element>> && !std::same_as<value_type<Element>, char> &&
                        !std::same_as<value_type<Element>, unsigned char> && has_codec<value_type<Element>> &&
                        !is_array_codec<value_type<Element>>;

/// The type that elements are sent as; 0 when only a server knows its number.
template <class T>
constexpr oid sent_element_oid() {
    if constexpr (!encodable<T>)
        return 0;
    else
        return codec<T>::type.oid != 0 ? codec<T>::type.oid : element_of(codec<T>::type.array_oid);
}

/// Whether the bytes that codec<T> writes are those of an element in binary.
template <class T>
constexpr bool sends_binary_elements() {
    if (wire_format<T>() == format::binary) return true;
    switch (sent_element_oid<T>()) {  // of these types the text is the binary form
        case oids::text:
        case oids::varchar:
        case oids::bpchar:
        case oids::name:
        case oids::xml:
        case oids::json: return true;
        default: return false;
    }
}

/// "int4[]", for `codec<T>::type.name` = "int4".
template <class T>
inline constexpr auto array_name = [] {
    constexpr std::string_view element = codec<T>::type.name;
    std::array<char, element.size() + 2> name{};
    std::ranges::copy(element, name.begin());
    name[element.size()] = '[';
    name[element.size() + 1] = ']';
    return name;
}();

template <class T>
constexpr pg_type array_type() {
    if constexpr (requires { codec<T>::type; })
        return {{array_name<T>.data(), array_name<T>.size()}, codec<T>::type.array_oid, 0};
    else
        return {};
}

/// What the arrays in C++ have in common. An array goes out in binary; where `codec<T>` writes text that is not the
/// type's binary form, it goes out as text.
template <class Element>
struct array_codec {
    using array_of = Element;
    using T = value_type<Element>;

    static constexpr pg_type type = array_type<T>();
    static constexpr format wire = sends_binary_elements<T>() ? format::binary : format::text;

    static bool reads(oid array)
        requires decodable<T>
    {
        if (const oid element = element_of(array); element != 0) return codec<T>::reads(element);
        // Arrays of types that are not built in have a number of their own in each database; in binary the array itself
        // names its elements' type.
        return array >= first_user_oid && (type.oid == 0 ? sent_element_oid<T>() == 0 : type.oid == array);
    }

 protected:
    /// Calls `append` with each element; `Array` is the type that an error names.
    template <class Array, class Append>
    static void read(const field& f, array_reader& in, Append&& append) {
        if (in.element_type() != 0 && !codec<T>::reads(in.element_type())) f.mismatch<Array>();
        const oid element_type = in.element_type() != 0 ? in.element_type() : sent_element_oid<T>();
        while (in.next()) {
            const field element = f.part(in.bytes(), element_type);
            if (in.is_null()) {
                if constexpr (is_optional<Element>)
                    append(Element{});
                else
                    element.null<T>();
            } else {
                if constexpr (is_view<T>) {
                    if (in.is_copy())
                        element.fail<T>("an element with escapes cannot be viewed; read it as std::string");
                }
                append(Element{codec<T>::decode(element)});
            }
        }
        if (in.problem() != nullptr) f.fail<Array>(in.problem());
    }

    template <class Range>
    static void write(const Range& values, encoder& out) {
        if constexpr (wire == format::binary)
            write_binary(values, out);
        else
            write_text(values, out);
    }

 private:
    template <class Range>
    static void write_binary(const Range& values, encoder& out) {
        bool has_null = false;
        if constexpr (is_optional<Element>)
            has_null = std::ranges::any_of(values, [](const Element& value) { return !value.has_value(); });
        write_array_header(values.size(), has_null, sent_element_oid<T>(), out);
        for (const auto& value : values) {
            if (const T* const present = pointer(value)) {
                out.sized([&] { codec<T>::encode(*present, out); });
            } else {
                out.number(std::int32_t{-1});
            }
        }
    }

    template <class Range>
    static void write_text(const Range& values, encoder& out) {
        std::vector<char> scratch;
        char separator = '{';
        for (const auto& value : values) {
            out.bytes({&separator, 1});
            separator = ',';
            if (const T* const present = pointer(value)) {
                scratch.clear();
                encoder element{scratch};
                codec<T>::encode(*present, element);
                write_quoted_element({scratch.data(), scratch.size()}, out);
            } else {
                out.bytes("NULL");
            }
        }
        out.bytes(separator == '{' ? "{}" : "}");
    }

    static const T* pointer(const T& value) { return &value; }
    static const T* pointer(const std::optional<T>& value) { return value ? &*value : nullptr; }
};

/// T's codec knows what an element is to be sent as.
template <class Element>
concept sendable_element =
    array_element<Element> && encodable<value_type<Element>> &&
    (wire_format<value_type<Element>>() == format::text || sent_element_oid<value_type<Element>>() != 0);

template <class Element>
concept readable_element = array_element<Element> && decodable<value_type<Element>>;

}  // namespace detail

/// Errors: null_error for a NULL element unless `Element` is a `std::optional`; decode_error for several dimensions.
template <detail::array_element Element>
struct codec<std::vector<Element>> : detail::array_codec<Element> {
    static std::vector<Element> decode(const field& f)
        requires detail::readable_element<Element>
    {
        detail::array_reader in{f};
        std::vector<Element> values;
        values.reserve(in.announced());
        codec::template read<std::vector<Element>>(f, in, [&](Element&& value) { values.push_back(std::move(value)); });
        return values;
    }
    static void encode(const std::vector<Element>& values, encoder& out)
        requires detail::sendable_element<Element>
    {
        codec::write(values, out);
    }
};

/// Errors: decode_error when the array has not exactly N elements; else as for std::vector.
template <detail::array_element Element, std::size_t N>
struct codec<std::array<Element, N>> : detail::array_codec<Element> {
    static std::array<Element, N> decode(const field& f)
        requires detail::readable_element<Element>
    {
        using array = std::array<Element, N>;
        detail::array_reader in{f};
        array values{};
        std::size_t size = 0;
        codec::template read<array>(f, in, [&](Element&& value) {
            if (size == N) f.fail<array>("more than " + std::to_string(N) + " elements");
            values[size++] = std::move(value);
        });
        if (size != N) f.fail<array>(std::to_string(size) + " elements instead of " + std::to_string(N));
        return values;
    }
    static void encode(const std::array<Element, N>& values, encoder& out)
        requires detail::sendable_element<Element>
    {
        codec::write(values, out);
    }
};

/// A parameter only.
template <detail::array_element Element>
struct codec<std::span<const Element>> : detail::array_codec<Element> {
    static void encode(std::span<const Element> values, encoder& out)
        requires detail::sendable_element<Element>
    {
        codec::write(values, out);
    }
};

}  // namespace coropg
