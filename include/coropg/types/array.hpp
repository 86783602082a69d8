// Arrays: std::vector<T>, std::array<T, N> and, as a parameter, std::span<const T>, for every T with a codec;
// std::optional<T> where elements can be NULL. Nested, up to six deep, they are PostgreSQL's rectangular arrays of
// several dimensions. PostgreSQL's arrays also have bounds: whatever the lower one is, the first element becomes the
// first; coropg::array<T> keeps them. How arrays lie on the wire is known in src/types/array.cpp and here only.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/detail/values/pg_types.hpp>
#include <coropg/types/arithmetic.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace coropg {

/// One dimension of an array: how many elements, and the index of the first.
struct array_dimension {
    std::int32_t size = 0;
    std::int32_t lower = 1;

    bool operator==(const array_dimension&) const = default;
};

namespace detail {

/// Source: MAXDIM in PostgreSQL's utils/array.h.
inline constexpr std::size_t max_dimensions = 6;

/// Errors: usage_error unless PostgreSQL has arrays of `dimensions` with `elements` elements: one to six dimensions,
/// all indices in 32 bits, or none of either.
void check_dimensions(std::span<const array_dimension> dimensions, std::size_t elements);
/// Where the element at `indices` stands in row-major order. Errors: usage_error when there is none.
std::size_t element_offset(std::span<const array_dimension> dimensions, std::span<const std::int32_t> indices);

}  // namespace detail

/// An array with its dimensions and bounds as PostgreSQL has them. Without elements it has no dimensions.
template <class T>
class array {
 public:
    array() = default;
    /// One dimension, whose first element has the index `lower`.
    explicit array(std::vector<T> values, std::int32_t lower = 1) : elements{std::move(values)} {
        if (!elements.empty()) dimensions = {{static_cast<std::int32_t>(elements.size()), lower}};
        detail::check_dimensions(dimensions, elements.size());
    }
    /// Errors: usage_error when the dimensions have not as many elements as there are.
    array(std::vector<T> values, std::vector<array_dimension> sizes)
        : elements{std::move(values)}, dimensions{std::move(sizes)} {
        detail::check_dimensions(dimensions, elements.size());
    }

    /// The element of these indices, one for each dimension, as in SQL: `a.at({2, -1})` is `a[2][-1]`.
    /// Errors: usage_error when there is no such element.
    [[nodiscard]] typename std::vector<T>::reference at(std::initializer_list<std::int32_t> indices) {
        return elements.at(detail::element_offset(dimensions, indices));
    }
    [[nodiscard]] typename std::vector<T>::const_reference at(std::initializer_list<std::int32_t> indices) const {
        return elements.at(detail::element_offset(dimensions, indices));
    }

    bool operator==(const array&) const = default;

    std::vector<T> elements;  ///< in row-major order: the last index varies fastest
    std::vector<array_dimension> dimensions;
};

namespace detail {

/// Walks the elements of an array in either format, in row-major order.
/// Lifetime: a view into the field's bytes; what it finds may also live in the reader itself.
class array_reader {
 public:
    /// `delimiter` stands between the elements of a text.
    explicit array_reader(const field& f, char delimiter = ',');

    /// 0 when it is not known: a text does not tell, and only built-in arrays are in our table.
    [[nodiscard]] oid element_type() const noexcept { return element_type_; }
    /// Their number is known from the beginning; the sizes are, of a text, when `next()` has come to the end.
    [[nodiscard]] std::span<const array_dimension> dimensions() const noexcept {
        return {dimensions_.data(), dimension_count_};
    }
    /// The number of elements to reserve, never more than the bytes left can hold; 0 for the text format, which has no
    /// count.
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
    bool read_bounds();
    bool close_braces();
    bool open_braces();
    bool read_quoted();
    bool read_plain();
    bool stop(const char* problem);

    std::string_view rest_;
    std::string_view bytes_;
    std::string unescaped_;
    const char* problem_ = nullptr;
    std::size_t left_ = 0;
    oid element_type_ = 0;
    char delimiter_;
    bool is_binary_ = false;
    bool is_null_ = false;
    bool is_copy_ = false;
    bool is_done_ = false;
    std::array<array_dimension, max_dimensions> dimensions_{};
    std::array<std::int32_t, max_dimensions> counts_;  // of a text: the items so far in each open brace
    std::size_t dimension_count_ = 0;
    std::size_t open_ = 0;  // of a text: how many braces are
};

/// Appends the header of an array in binary.
void write_array_header(std::span<const array_dimension> dimensions, bool has_null, const pg_type& element,
                        encoder& out);
/// Appends "[2:3][-1:0]=" when a lower bound is not 1.
void write_array_bounds(std::span<const array_dimension> dimensions, encoder& out);
/// Appends an element of an array in text, in quotes.
void write_quoted_element(std::string_view text, encoder& out);

template <class T>
inline constexpr bool is_array_codec = requires { typename codec<T>::array_of; };

/// The depth to which arrays are nested in T; 0 if T is no array or cannot be nested.
template <class T>
inline constexpr std::size_t rank = 0;
template <class T>
    requires is_array_codec<T> && requires { codec<T>::rank; }
inline constexpr std::size_t rank<T> = codec<T>::rank;

/// The elements of nested arrays.
template <class Item>
struct innermost {
    using type = Item;
};
template <class Item>
    requires(rank<Item> != 0)
struct innermost<Item> {
    using type = typename codec<Item>::array_of;
};

template <class T>
concept has_codec = decodable<T> || encodable<T>;

/// Types that can be an element: anything with a codec but arrays. Left out are `char` and `unsigned char`, for a
/// vector of them is as likely meant to be text or bytea.
template <class Element>
concept array_element = std::same_as<Element, std::remove_cv_t<Element>> && !std::same_as<value_type<Element>, char> &&
                        !std::same_as<value_type<Element>, unsigned char> && has_codec<value_type<Element>> &&
                        !is_array_codec<value_type<Element>>;

/// Types that can be in an array: its elements, or arrays of one dimension less.
template <class Item>
concept array_item = array_element<Item> || (rank<Item> != 0 && rank<Item> < max_dimensions);

/// The type that elements are sent as; none for those that are only read.
template <class T>
constexpr pg_type sent_element_type() {
    if constexpr (encodable<T>)
        return codec<T>::type;
    else
        return {};
}

/// Whether the bytes that codec<T> writes are those of an element in binary.
template <class T>
constexpr bool sends_binary_elements() {
    if (wire_format<T>() == format::binary) return true;
    switch (sent_element_type<T>().oid) {  // of these types the text is the binary form
        case oids::text:
        case oids::varchar:
        case oids::bpchar:
        case oids::name:
        case oids::xml:
        case oids::json: return true;
        default: return false;
    }
}

/// The delimiter between elements in text, if it is not a comma: `codec<T>::delimiter`.
template <class T>
inline constexpr char delimiter_of = ',';
template <class T>
    requires requires { codec<T>::delimiter; }
inline constexpr char delimiter_of<T> = codec<T>::delimiter;

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

template <class Element>
concept readable_element = array_element<Element> && decodable<value_type<Element>>;

/// T's codec knows what an element is to be sent as.
template <class Element>
concept sendable_element = array_element<Element> && encodable<value_type<Element>> &&
                           (wire_format<value_type<Element>>() == format::text ||
                            codec<value_type<Element>>::type.oid != 0 || is_named<value_type<Element>>());

/// The common part of all C++ arrays. An array goes out in binary; where `codec<T>` writes text that is not the
/// type's binary form, it goes out as text.
template <class Element>
struct array_codec {
    using array_of = Element;
    using T = value_type<Element>;

    static constexpr pg_type type = array_type<T>();
    static constexpr format wire = sends_binary_elements<T>() ? format::binary : format::text;
    static constexpr bool is_view = detail::is_view<T>;
    static constexpr bool reads_text = detail::reads_text<T>();

    static bool reads(oid array)
        requires decodable<T>
    {
        if (const oid element = element_of(array); element != 0) return codec<T>::reads(element);
        // Arrays of types that are not built in have a number of their own in each database; in binary the array itself
        // names its elements' type.
        return array >= first_user_oid && (type.oid == 0 ? sent_element_type<T>().oid == 0 : type.oid == array);
    }

 protected:
    /// Calls `append` with each element; `Array` is the type that an error names.
    template <class Array, class Append>
    static void read(const field& f, array_reader& in, Append&& append) {
        if (in.element_type() != 0 && !detail::reads<T>(f.part({}, in.element_type()))) f.mismatch<Array>();
        const oid element_type = in.element_type() != 0 ? in.element_type() : sent_element_type<T>().oid;
        const field like_all = f.part({}, element_type);
        while (in.next()) {
            const field element = like_all.with_bytes(in.bytes());
            if (in.is_null()) {
                if constexpr (is_optional<Element>)
                    append(Element{});
                else
                    element.null<T>();
            } else {
                if constexpr (is_view) {
                    if (in.is_copy())
                        element.fail<T>("an element with escapes cannot be viewed; read it as std::string");
                }
                append(Element(codec<T>::decode(element)));  // braces would make an array of a JSON value
            }
        }
        if (in.problem() != nullptr) f.fail<Array>(in.problem());
    }

    template <class Array>
    static std::vector<Element> read_all(const field& f, array_reader& in) {
        std::vector<Element> values;
        values.reserve(in.announced());
        read<Array>(f, in, [&](Element&& value) { values.push_back(std::move(value)); });
        return values;
    }

    /// An array without elements has no dimensions; it reads as an empty one of any number.
    template <class Array>
    static void check_rank(const field& f, const array_reader& in, std::size_t wanted) {
        const std::size_t count = in.dimensions().size();
        if (count != wanted && count != 0) [[unlikely]]
            f.fail<Array>(std::to_string(count) + " dimensions instead of " + std::to_string(wanted));
    }

    /// `values` may be nested; `dimensions` are theirs.
    template <class Array>
    static void write(const Array& values, std::span<const array_dimension> dimensions, encoder& out) {
        if constexpr (wire == format::binary)
            write_binary(values, dimensions, out);
        else
            write_text(values, dimensions, out);
    }

 private:
    template <class Array>
    static void write_binary(const Array& values, std::span<const array_dimension> dimensions, encoder& out) {
        bool has_null = false;
        if constexpr (is_optional<Element>)
            for_each_element(values, [&](const Element& value) { has_null = has_null || !value.has_value(); });
        write_array_header(dimensions, has_null, sent_element_type<T>(), out);
        for_each_element(values, [&](const Element& value) {
            if (const T* const present = pointer(value)) {
                out.sized([&] { codec<T>::encode(*present, out); });
            } else {
                out.number(std::int32_t{-1});
            }
        });
    }

    template <class Array>
    static void write_text(const Array& values, std::span<const array_dimension> dimensions, encoder& out) {
        if (dimensions.empty()) return out.bytes("{}");
        write_array_bounds(dimensions, out);
        // Before an element that begins a line, plane, ... as many braces open as after its predecessor have closed.
        std::size_t written = 0;
        const auto boundary = [&](char brace) {
            std::size_t line = 1;
            for (std::size_t i = dimensions.size(); i-- > 0;) {
                line *= static_cast<std::size_t>(dimensions[i].size);
                if (written % line != 0) break;
                out.bytes({&brace, 1});
            }
        };
        std::vector<char> scratch;
        for_each_element(values, [&](const Element& value) {
            if (written != 0) {
                boundary('}');
                out.bytes({&delimiter_of<T>, 1});
            }
            boundary('{');
            ++written;
            if (const T* const present = pointer(value)) {
                scratch.clear();
                encoder element{scratch};
                codec<T>::encode(*present, element);
                write_quoted_element({scratch.data(), scratch.size()}, out);
            } else {
                out.bytes("NULL");
            }
        });
        boundary('}');
    }

    template <class Array, class Visit>
    static void for_each_element(const Array& values, Visit&& visit) {
        for (const auto& item : values) {
            if constexpr (rank<std::remove_cvref_t<decltype(item)>> != 0)
                for_each_element(item, visit);
            else
                visit(item);
        }
    }

    static const T* pointer(const T& value) { return &value; }
    static const T* pointer(const std::optional<T>& value) { return value ? &*value : nullptr; }
};

/// std::vector, std::array and std::span, which nest. `Item` is an element or, of several dimensions, an array.
template <class Item>
struct nested_array_codec : array_codec<typename innermost<Item>::type> {
    using Element = typename innermost<Item>::type;
    using base = array_codec<Element>;

    static constexpr std::size_t rank = detail::rank<Item> + 1;

 protected:
    template <class Array>
    static Array read_nested(const field& f) {
        array_reader in{f, delimiter_of<value_type<Element>>};
        base::template check_rank<Array>(f, in, rank);
        std::vector<Element> elements = base::template read_all<Array>(f, in);
        Array values{};
        auto next = std::make_move_iterator(elements.begin());
        fold<Array>(f, values, next, in.dimensions());
        return values;
    }

    template <class Array>
    static void write_nested(const Array& values, encoder& out) {
        std::array<array_dimension, rank> dimensions{};
        std::size_t elements = measure(values, dimensions);
        const std::span<const array_dimension> present{dimensions.data(), values.size() == 0 ? 0 : rank};
        if (!has_dimensions(values, present)) throw usage_error{"an array parameter is ragged"};
        check_dimensions(present, elements);
        base::write(values, present, out);
    }

 private:
    /// Takes the elements of `values` from `next`; `All` is the type that an error names.
    template <class All, class Array, class Next>
    static void fold(const field& f, Array& values, Next& next, std::span<const array_dimension> dimensions) {
        const std::size_t size = dimensions.empty() ? 0 : static_cast<std::size_t>(dimensions.front().size);
        if constexpr (requires { values.resize(size); })
            values.resize(size);
        else if (size != values.size())
            f.fail<All>(std::to_string(size) + " elements instead of " + std::to_string(values.size()));
        for (auto&& item : values) {
            if constexpr (detail::rank<std::remove_cvref_t<decltype(item)>> != 0)
                fold<All>(f, item, next, dimensions.subspan(1));
            else
                item = *next++;
        }
    }

    /// The sizes of the first array of each dimension, and how many elements a rectangle of them has.
    template <class Array>
    static std::size_t measure(const Array& values, std::span<array_dimension> into) {
        if (!std::in_range<std::int32_t>(values.size())) throw usage_error{"an array parameter has too many elements"};
        into.front().size = static_cast<std::int32_t>(values.size());
        if constexpr (detail::rank<Array> > 1)
            return values.size() == 0 ? 0 : values.size() * measure(*values.begin(), into.subspan(1));
        else
            return values.size();
    }

    template <class Array>
    static bool has_dimensions(const Array& values, std::span<const array_dimension> dimensions) {
        if (dimensions.empty()) return true;
        if (!std::cmp_equal(values.size(), dimensions.front().size)) return false;
        if constexpr (detail::rank<Array> > 1)
            return std::ranges::all_of(values,
                                       [&](const auto& item) { return has_dimensions(item, dimensions.subspan(1)); });
        else
            return true;
    }
};

}  // namespace detail

/// Errors: null_error for a NULL element unless elements are a `std::optional`; decode_error for another number of
/// dimensions; usage_error for a ragged parameter, and for an empty array within an array.
template <detail::array_item Item>
struct codec<std::vector<Item>> : detail::nested_array_codec<Item> {
    static std::vector<Item> decode(const field& f)
        requires detail::readable_element<typename codec::Element>
    {
        if constexpr (codec::rank == 1) {
            detail::array_reader in{f, detail::delimiter_of<typename codec::T>};
            codec::template check_rank<std::vector<Item>>(f, in, 1);
            return codec::template read_all<std::vector<Item>>(f, in);
        } else {
            return codec::template read_nested<std::vector<Item>>(f);
        }
    }
    static void encode(const std::vector<Item>& values, encoder& out)
        requires detail::sendable_element<typename codec::Element>
    {
        codec::write_nested(values, out);
    }
};

/// Errors: decode_error when the array has not exactly N elements; else as for std::vector.
template <detail::array_item Item, std::size_t N>
struct codec<std::array<Item, N>> : detail::nested_array_codec<Item> {
    static std::array<Item, N> decode(const field& f)
        requires detail::readable_element<typename codec::Element>
    {
        return codec::template read_nested<std::array<Item, N>>(f);
    }
    static void encode(const std::array<Item, N>& values, encoder& out)
        requires detail::sendable_element<typename codec::Element>
    {
        codec::write_nested(values, out);
    }
};

/// A parameter only.
template <detail::array_item Item>
struct codec<std::span<const Item>> : detail::nested_array_codec<Item> {
    static void encode(std::span<const Item> values, encoder& out)
        requires detail::sendable_element<typename codec::Element>
    {
        codec::write_nested(values, out);
    }
};

/// Errors: usage_error when the elements of a parameter are not as many as its dimensions say.
template <detail::array_element Element>
struct codec<array<Element>> : detail::array_codec<Element> {
    static array<Element> decode(const field& f)
        requires detail::readable_element<Element>
    {
        detail::array_reader in{f, detail::delimiter_of<typename codec::T>};
        array<Element> value;
        value.elements = codec::template read_all<array<Element>>(f, in);
        value.dimensions.assign(in.dimensions().begin(), in.dimensions().end());
        return value;
    }
    static void encode(const array<Element>& value, encoder& out)
        requires detail::sendable_element<Element>
    {
        detail::check_dimensions(value.dimensions, value.elements.size());
        codec::write(value.elements, value.dimensions, out);
    }
};

}  // namespace coropg
