// Strong typedefs: an aggregate of one member that stands for that member's PostgreSQL type.
//
//     struct user_id { std::int64_t value; };
//     template <> struct coropg::codec<user_id> : coropg::strong_codec<user_id> {};
//
// Or for a PostgreSQL type of its own, whose values are as the member's:
//
//     struct email { std::string value; };
//     template <> struct coropg::codec<email> : coropg::strong_codec<email, "citext"> {};
#pragma once

#include <coropg/codec.hpp>
#include <coropg/detail/values/literal.hpp>
#include <coropg/detail/values/members.hpp>

namespace coropg {

/// Derive `codec<T>` from this for an aggregate T of one member; it reads and sends what the member does. With a `Name` it
/// is sent as that type, and a vector of it as an array of that: `= ANY($1)` then compares as that type does.
template <class T, detail::literal Name = "">
struct strong_codec {
    static_assert(detail::width_of<T> == 1, "a strong typedef has exactly one member");
    using underlying = detail::member_t<T, 0>;

    static constexpr pg_type type = Name.view().empty() ? codec<underlying>::type : pg_type{Name.view()};
    static constexpr format wire = detail::wire_format<underlying>();
    static constexpr bool is_inferred = Name.view().empty() && detail::is_inferred<underlying>();
    static constexpr bool is_view = detail::is_view<underlying>;
    static constexpr bool reads_text = detail::reads_text<underlying>();
    static constexpr bool reads_any_text = detail::reads_any_text<underlying>();

    static bool reads(oid from) { return codec<underlying>::reads(from); }
    static T decode(const field& f) { return T{codec<underlying>::decode(f)}; }
    static void encode(const T& value, encoder& out) { codec<underlying>::encode(detail::member<0>(value), out); }
    static bool is_sent_empty(const T& value)
        requires requires(const underlying& u) { codec<underlying>::is_sent_empty(u); }
    {
        return codec<underlying>::is_sent_empty(detail::member<0>(value));
    }
};

}  // namespace coropg
