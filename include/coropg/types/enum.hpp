// Enums made by CREATE TYPE as enum classes, label by enumerator. One line names the type:
//
//     enum class mood { sad, ok, happy };
//     template <> struct coropg::codec<mood> : coropg::enum_codec<mood, "mood"> {};
//
// Where labels are no C++ names, the codec lists them:
//
//     template <> struct coropg::codec<state> : coropg::enum_codec<state, "state"> {
//         static constexpr std::pair<state, std::string_view> labels[]{{state::in_progress, "in progress"}};
//     };
#pragma once

#include <coropg/codec.hpp>
#include <coropg/detail/values/literal.hpp>
#include <coropg/types/arithmetic.hpp>

#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace coropg {

namespace detail {

inline constexpr int first_enumerator = -128;
inline constexpr int enumerators = 256;

template <class E, E... Values>
consteval std::string_view spelled_enumerators() {
    return __PRETTY_FUNCTION__;
}

/// The names of the values from `first_enumerator` on; empty for one that has none. The compiler spells them as
/// "... V = {(app::mood)-1, app::mood::sad, (app::mood)1}" (GCC) or "<...>" (clang).
template <class E>
inline constexpr auto enumerator_names = []<int... I>(std::integer_sequence<int, I...>) {
    using number = std::underlying_type_t<E>;
    std::string_view list = spelled_enumerators<E, static_cast<E>(static_cast<number>(first_enumerator + I))...>();
    list.remove_prefix(list.find("Values = ") + 10);
    std::array<std::string_view, enumerators> names{};
    for (std::string_view& name : names) {
        std::size_t end = 0;
        for (int depth = 0; depth > 0 || (list[end] != ',' && list[end] != '}' && list[end] != '>'); ++end)
            depth += list[end] == '<' || list[end] == '(' ? 1 : list[end] == '>' || list[end] == ')' ? -1 : 0;
        name = list.substr(0, end);
        const std::size_t scope = name.rfind("::");
        if (scope != std::string_view::npos) name.remove_prefix(scope + 2);
        if (name.find(')') != std::string_view::npos) name = {};  // the end of a cast
        list.remove_prefix(end + 2 <= list.size() ? end + 2 : list.size());
    }
    return names;
}(std::make_integer_sequence<int, enumerators>{});

/// An enum that may have any value of its underlying type: an enum class, or one that names its type.
template <class E>
concept fixed_enum = std::is_enum_v<E> && requires { E{0}; };

}  // namespace detail

/// Derive `codec<E>` from this for an enum class that is the enum type `Name`. Reads text, too.
/// Enumerators have values from -128 to 127. Errors: decode_error for a label without an enumerator, usage_error for a
/// value without one. Source: PostgreSQL manual, "Enumerated Types".
template <detail::fixed_enum E, detail::literal Name>
struct enum_codec {
    static constexpr pg_type type{Name.view()};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::text || from >= detail::first_user_oid; }

    static E decode(const field& f) {
        if constexpr (requires { codec<E>::labels; }) {
            for (const auto& [value, label] : codec<E>::labels)
                if (label == f.bytes()) return value;
        }
        for (int i = 0; i < detail::enumerators; ++i) {
            const std::string_view name = detail::enumerator_names<E>[static_cast<std::size_t>(i)];
            if (!name.empty() && name == f.bytes())
                return static_cast<E>(static_cast<std::underlying_type_t<E>>(i + detail::first_enumerator));
        }
        f.template fail<E>("no enumerator for the label \"" + std::string{f.bytes()} + "\"");
    }

    static void encode(E value, encoder& out) { out.text(label_of(value)); }

    /// The label that `value` goes out as.
    static std::string_view label_of(E value) {
        if constexpr (requires { codec<E>::labels; }) {
            for (const auto& [listed, label] : codec<E>::labels)
                if (listed == value) return label;
        }
        const auto number = +static_cast<std::underlying_type_t<E>>(value);  // char and bool become int
        std::string_view name;
        if (std::cmp_greater_equal(number, detail::first_enumerator) &&
            std::cmp_less(number, detail::first_enumerator + detail::enumerators))
            name = detail::enumerator_names<E>[static_cast<std::size_t>(static_cast<int>(number) -
                                                                        detail::first_enumerator)];
        if (name.empty()) {
            std::string reason{"a value of the enum "};
            reason += Name.view();
            throw usage_error{reason + " is none of its enumerators, of which those from -128 to 127 are known"};
        }
        return name;
    }
};

}  // namespace coropg
