// std::variant: a column is read as the first alternative whose codec reads its type, a parameter goes out as what it
// holds. std::monostate stands for NULL.
#pragma once

#include <coropg/codec.hpp>

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace coropg {

/// Errors: decode_error when no alternative reads the column's type; null_error for NULL without std::monostate.
template <class... Ts>
struct codec<std::variant<Ts...>> {
    using variant = std::variant<Ts...>;

    static constexpr bool is_view = (detail::is_view<Ts> || ...);
    static constexpr bool reads_text = (detail::reads_text<Ts>() || ...);
    static constexpr bool reads_any_text = (detail::reads_any_text<Ts>() || ...);

    static bool reads(oid from) { return (alternative_reads<Ts>(from) || ...); }

    static variant decode(const field& f) {
        std::optional<variant> value;
        (void)((alternative_reads<Ts>(f.type()) && try_decode<Ts>(f, value)) || ...);
        if (!value && !f.is_binary()) (void)((detail::reads_any_text<Ts>() && try_decode<Ts>(f, value)) || ...);
        if (!value) f.mismatch<variant>();
        return *std::move(value);
    }

    /// Calls `send` with what is held; with nullptr for std::monostate.
    template <class Send>
    static void visit(const variant& value, Send&& send) {
        std::visit(
            [&](const auto& held) {
                if constexpr (std::is_same_v<std::remove_cvref_t<decltype(held)>, std::monostate>)
                    send(nullptr);
                else
                    send(held);
            },
            value);
    }

    static variant null()
        requires(std::is_same_v<Ts, std::monostate> || ...)
    {
        return std::monostate{};
    }

 private:
    template <class T>
    static bool alternative_reads(oid from) {
        if constexpr (std::is_same_v<T, std::monostate>)
            return false;
        else
            return codec<T>::reads(from);
    }

    template <class T>
    static bool try_decode(const field& f, std::optional<variant>& value) {
        if constexpr (!std::is_same_v<T, std::monostate>) {
            if (!detail::reads_column<T>(f)) return false;
            value.emplace(std::in_place_type<T>, codec<T>::decode(f));
        }
        return true;
    }
};

}  // namespace coropg
