// Composite types as aggregates, anonymous records as tuples. One line names the type:
//
//     struct address { std::string street; std::optional<int> number; };
//     template <> struct coropg::codec<address> : coropg::composite_codec<address, "address"> {};
//
// Members are matched to attributes by name, as coropg::columns<address> says; an element of a tuple by position.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/detail/values/columns.hpp>
#include <coropg/detail/values/composite.hpp>
#include <coropg/detail/values/literal.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace coropg {

namespace detail {

/// The names of attributes that are the members of T; "" for an element of a tuple, which has its position.
template <class T>
inline constexpr auto composite_members = [] {
    if constexpr (tuple_like<T>)
        return std::array<std::string_view, width_of<T>>{};
    else
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return std::array<std::string_view, sizeof...(I)>{column_name<T, I>()...};
        }(std::make_index_sequence<width_of<T>>{});
}();

/// Which of them keep their default without an attribute.
template <class T>
inline constexpr auto may_lack_attributes = [] {
    if constexpr (tuple_like<T>)
        return std::array<bool, width_of<T>>{};
    else
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return std::array<bool, sizeof...(I)>{may_lack_column<T, I>()...};
        }(std::make_index_sequence<width_of<T>>{});
}();

/// Reads and writes a composite as T.
template <class T>
struct record_codec {
    static constexpr std::size_t width = width_of<T>;
    static constexpr bool is_composite = true;
    static constexpr bool is_view = []<std::size_t... I>(std::index_sequence<I...>) {
        return (coropg::detail::is_view<value_type<member_t<T, I>>> || ...);
    }(std::make_index_sequence<width>{});

    static T decode(const field& f) {
        const record_reader in{f};
        if (in.problem() != nullptr) f.fail<T>(in.problem());
        places at{};
        if (const std::string problem = find_attributes(f, in, attributes, at); !problem.empty()) f.fail<T>(problem);
        return read(f, in, at, std::make_index_sequence<width>{});
    }

 protected:
    static void write(const pg_type& type, const T& value, encoder& out) {
        out.composite(type, composite_members<T>);
        out.number(static_cast<std::int32_t>(width));
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (write_member(member<I>(value), out), ...);
        }(std::make_index_sequence<width>{});
    }

 private:
    using places = std::array<int, width>;

    static constexpr attribute_names attributes{composite_members<T>, may_lack_attributes<T>, is_lax<T>()};

    template <std::size_t... I>
    static T read(const field& f, const record_reader& in, const places& at, std::index_sequence<I...>) {
        return T{read_attribute<I>(f, in, at[I])...};
    }

    template <std::size_t I>
    static member_t<T, I> read_attribute(const field& f, const record_reader& in, int at) {
        if constexpr (may_lack_attributes<T>[I]) {
            if (at < 0) return initial_member<T, I>();
        }
        return read_member<member_t<T, I>>(f, in.parts()[static_cast<std::size_t>(at)]);
    }

    template <class Member>
    static Member read_member(const field& f, const record_reader::part& part) {
        using V = value_type<Member>;
        static_assert(decodable<V>, "no coropg::codec says how to read this type");
        const field element = f.part(part.bytes, part.type != 0 ? part.type : type_of<V>(f));
        if constexpr (is_optional<Member>) {
            if (part.is_null) return std::nullopt;
        } else {
            if (part.is_null) element.template null<V>();
        }
        if constexpr (coropg::detail::is_view<V>) {
            if (!f.is_binary()) element.template fail<V>("a record in text cannot be viewed; read it as std::string");
        }
        return coropg::detail::decode<V>(element);
    }

    template <class Member>
    static void write_member(const Member& value, encoder& out) {
        using V = value_type<Member>;
        static_assert(encodable<V>, "no coropg::codec says how to send this type");
        static_assert(wire_format<V>() == format::binary || codec<V>::type.oid == 25,
                      "in a composite only types that go out in binary, and text");
        out.type_oid(codec<V>::type);
        if constexpr (is_optional<Member>) {
            if (!value) return out.number(std::int32_t{-1});
            out.sized([&] { codec<V>::encode(*value, out); });
        } else {
            out.sized([&] { codec<V>::encode(value, out); });
        }
    }

    /// In text no field of an anonymous record tells its type.
    template <class V>
    static oid type_of(const field& f) {
        if constexpr (requires { codec<V>::type; })
            return codec<V>::type.oid != 0 ? codec<V>::type.oid : first_user_oid;
        else
            return f.type();
    }
};

}  // namespace detail

/// Derive `codec<T>` from this for an aggregate T, or a tuple, that is the composite type `Name`.
/// Errors: decode_error and usage_error when members and attributes do not fit, also when the server no longer has the
/// attributes that it told of; null_error for a NULL attribute unless the member is a `std::optional`. A member must
/// have exactly the attribute's type (`std::int64_t` for int8), text and domains apart. Source: PostgreSQL manual, "Composite Types".
template <class T, detail::literal Name>
struct composite_codec : detail::record_codec<T> {
    static constexpr pg_type type{Name.view()};
    static bool reads(oid from) { return from >= detail::first_user_oid; }
    static void encode(const T& value, encoder& out) { composite_codec::write(type, value, out); }
};

/// An anonymous record, `SELECT ROW(1, 'a')`, or any composite by position; for reading only.
template <detail::tuple_like T>
struct codec<T> : detail::record_codec<T> {
    static bool reads(oid from) { return from == 2249 || from >= detail::first_user_oid; }
};

}  // namespace coropg
