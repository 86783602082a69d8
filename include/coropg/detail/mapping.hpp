// How rows become C++ values: a scalar is one column, a tuple or pair is columns by position, an aggregate is columns
// by the names of its members. The shape is checked once for a result; a row then costs its decoding.
#pragma once

#include <coropg/result.hpp>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace coropg::detail {

/// One column: a type with a codec, or an optional of one.
template <class T>
concept scalar = decodable<value_type<T>>;

template <class T>
inline constexpr bool is_tuple = false;
template <class... Ts>
inline constexpr bool is_tuple<std::tuple<Ts...>> = true;
template <class A, class B>
inline constexpr bool is_tuple<std::pair<A, B>> = true;

template <class T>
concept tuple_like = is_tuple<T>;

template <class T>
concept described = std::is_aggregate_v<T> && std::is_class_v<T> && !scalar<T> && !tuple_like<T>;

// ------------------------------------------------------------------------------------------------ member names

template <class T>
struct never_defined {
    const T object;
};
/// An object to take the addresses of members of; it does not exist.
template <class T>
extern const never_defined<T> nowhere;

/// clang takes the address of a member as a template argument only inside a class.
template <class Member>
struct member_address {
    const Member* pointer;
};

template <member_address Address>
consteval std::string_view spelled() {
    return __PRETTY_FUNCTION__;
}

/// The name before the last brace: "... {((const int*)(& nowhere<user>.never_defined<user>::object.user::id))} ..."
/// with GCC, "... {&nowhere.object.id}]" with clang.
constexpr std::string_view last_name(std::string_view spelling) {
    const auto in_name = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               (c & 0x80) != 0;
    };
    std::size_t end = spelling.rfind('}');
    while (end > 0 && !in_name(spelling[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && in_name(spelling[begin - 1])) --begin;
    return spelling.substr(begin, end - begin);
}

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#endif
template <class T, std::size_t I>
consteval std::string_view member_name() {
    constexpr auto* pointer = &std::get<I>(boost::pfr::structure_tie(nowhere<T>.object));
    using member = std::remove_cvref_t<decltype(*pointer)>;
    return last_name(spelled<member_address<member>{pointer}>());
}
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

template <class T>
inline constexpr std::size_t member_count = boost::pfr::tuple_size_v<T>;

template <class T>
inline constexpr auto member_names = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<std::string_view, sizeof...(I)>{member_name<T, I>()...};
}(std::make_index_sequence<member_count<T>>{});

// ---------------------------------------------------------------------------------------------- readable types

template <class T>
concept row_type = scalar<T> || tuple_like<T> || described<T>;

template <class T>
consteval bool owns_its_memory() {
    if constexpr (scalar<T>)
        return !is_view<value_type<T>>;
    else if constexpr (tuple_like<T>)
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (!is_view<value_type<std::tuple_element_t<I, T>>> && ...);
        }(std::make_index_sequence<std::tuple_size_v<T>>{});
    else
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (!is_view<value_type<boost::pfr::tuple_element_t<I, T>>> && ...);
        }(std::make_index_sequence<member_count<T>>{});
}

/// What `fetch` can return: a type with a coropg::codec, an optional of one, a tuple, a pair or a plain aggregate, none
/// of them with a view: that would outlive its result.
template <class T>
concept fetchable_row = row_type<T> && owns_its_memory<T>();

// ---------------------------------------------------------------------------------------------------- the reader

[[noreturn]] void fail_column_count(const PGresult* r, std::size_t expected, std::string_view type);
[[noreturn]] void fail_columns(const PGresult* r, std::span<const std::string_view> members, std::string_view type);

/// The columns of `members`, in their order. Errors: decode_error that names what is missing on either side.
void find_columns(const PGresult* r, std::span<const std::string_view> members, std::span<int> columns,
                  std::string_view type);

/// Reads the rows of one result as T.
template <row_type T>
class row_reader {
 public:
    explicit row_reader(const PGresult* r) : result_{r} {
        if constexpr (described<T>) {
            find_columns(r, member_names<T>, columns_, type_name<T>());
        } else {
            if (static_cast<std::size_t>(PQnfields(r)) != width) fail_column_count(r, width, type_name<T>());
            for (std::size_t i = 0; i < width; ++i) columns_[i] = static_cast<int>(i);
        }
        check_types(std::make_index_sequence<width>{});
    }

    [[nodiscard]] T read(int row) const { return read(row, std::make_index_sequence<width>{}); }

 private:
    static constexpr std::size_t width = [] {
        if constexpr (scalar<T>)
            return std::size_t{1};
        else if constexpr (tuple_like<T>)
            return std::tuple_size_v<T>;
        else
            return member_count<T>;
    }();

    template <std::size_t I>
    static auto element() {
        if constexpr (scalar<T>)
            return std::type_identity<T>{};
        else if constexpr (tuple_like<T>)
            return std::type_identity<std::tuple_element_t<I, T>>{};
        else
            return std::type_identity<boost::pfr::tuple_element_t<I, T>>{};
    }
    template <std::size_t I>
    using element_t = typename decltype(element<I>())::type;

    template <std::size_t... I>
    void check_types(std::index_sequence<I...>) const {
        (check_type<value_type<element_t<I>>>(columns_[I]), ...);
    }

    template <class Element>
    void check_type(int column) const {
        static_assert(decodable<Element>, "no coropg::codec says how to read this type");
        const oid type = PQftype(result_, column);
        if (!codec<Element>::reads(type))
            field{{}, type, format::binary, {result_, 0, column}}.template mismatch<Element>();
    }

    template <std::size_t... I>
    T read(int row, std::index_sequence<I...>) const {
        if constexpr (scalar<T>)
            return read_value<T>(row, columns_[0]);
        else
            return T{read_value<element_t<I>>(row, columns_[I])...};
    }

    template <class Element>
    Element read_value(int row, int column) const {
        if constexpr (is_optional<Element>) {
            if (PQgetisnull(result_, row, column) != 0) return std::nullopt;
            return codec<value_type<Element>>::decode(value{result_, row, column}.raw());
        } else {
            const field f = value{result_, row, column}.raw();
            if (f.bytes().empty() && PQgetisnull(result_, row, column) != 0) f.template null<Element>();
            return codec<Element>::decode(f);
        }
    }

    const PGresult* result_;
    std::array<int, width> columns_{};
};

// ------------------------------------------------------------------------------------------- rows of parameters

/// How many parameters one element of an `execute_many` range stands for.
template <class Row>
consteval std::size_t parameter_count() {
    if constexpr (tuple_like<Row>)
        return std::tuple_size_v<Row>;
    else if constexpr (described<Row> && !encodable<Row>)
        return member_count<Row>;
    else
        return 1;
}

template <class Row, class Add>
void for_each_parameter(const Row& row, Add add) {
    if constexpr (tuple_like<Row>)
        std::apply([&](const auto&... values) { (add(values), ...); }, row);
    else if constexpr (described<Row> && !encodable<Row>)
        boost::pfr::for_each_field(row, add);
    else
        add(row);
}

}  // namespace coropg::detail
