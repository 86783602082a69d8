// What may be an argument of a statement. What may not is refused by a sentence, before the compiler compares the number
// of arguments with that of placeholders.
#pragma once

#include <coropg/detail/closure_guard.hpp>
#include <coropg/detail/values/mapping.hpp>

#include <cstddef>
#include <optional>
#include <ranges>
#include <string_view>
#include <type_traits>

namespace coropg {

class arguments;

}  // namespace coropg

namespace coropg::detail {

template <class T>
consteval bool can_be_sent() {
    if constexpr (std::is_same_v<T, std::nullopt_t> || std::is_same_v<T, std::nullptr_t>)
        return true;
    else if constexpr (is_optional<T>)
        return can_be_sent<typename T::value_type>();
    else
        return encodable<T> || requires(const T& value) { codec<T>::visit(value, [](const auto&) {}); };
}

/// A completion token of Asio, or a handler, which no verb takes.
template <class T>
consteval bool may_be_token() {
    const std::string_view name = type_name<T>();
    return name.find("boost::asio::") != std::string_view::npos || name.find("lambda") != std::string_view::npos;
}

template <class T>
consteval void require_argument() {
    if constexpr (!std::is_same_v<T, arguments> && !can_be_sent<T>()) {
        static_assert(
            !may_be_token<T>(),
            "the verbs of coropg take no completion token or handler: they return an awaitable, which co_await "
            "or boost::asio::co_spawn(executor, ..., token) runs");
        static_assert(may_be_token<T>() || can_be_sent<T>(),
                      "no coropg::codec says how to send this type of parameter");
    }
}

/// The number of arguments.
template <class... Args>
consteval std::size_t count_arguments() {
    (require_argument<std::remove_cvref_t<Args>>(), ...);
    return sizeof...(Args);
}

/// The same where a caller of the asynchronous face may await the call: Args are deduced from `Args&&`.
template <bool IsAwaited, class... Args>
consteval std::size_t count_awaited_arguments() {
    if constexpr (IsAwaited) (require_safe_argument<Args>(), ...);
    return count_arguments<Args...>();
}

/// The number of parameters that an element of Rows is, deduced from `Rows&&`.
template <bool IsAwaited, class Rows>
consteval std::size_t count_awaited_parts() {
    if constexpr (IsAwaited) require_safe_argument<Rows>();
    return parameter_count<std::ranges::range_value_t<Rows>>();
}

}  // namespace coropg::detail
