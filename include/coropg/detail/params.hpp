// The parameters of statements, encoded when the call is made: nothing refers to an argument afterwards. One `params`
// holds those of one statement, or of all statements of a batch behind one another.
#pragma once

#include <coropg/codec.hpp>

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace coropg::detail {

/// The protocol counts a statement's parameters in 16 bits.
inline constexpr std::size_t max_parameters = 65535;
/// The largest parameter: the server takes messages of at most 1 GiB - 1, and drops the connection beyond.
inline constexpr std::size_t max_parameter_bytes = std::size_t{1} << 29U;

/// The arrays that libpq takes; refilled for each statement that is sent.
struct param_arrays {
    std::vector<oid> types;
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
};

class params {
 public:
    /// Appends one parameter. NULL is `std::nullopt`, `nullptr` or an empty optional.
    /// Errors: usage_error when the value cannot be sent.
    template <class T>
    void add(const T& value);

    [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }
    [[nodiscard]] std::size_t capacity_bytes() const noexcept {
        return slots_.capacity() * sizeof(slot) + bytes_.capacity();
    }

    /// Lays out `count` parameters from `first` on for libpq.
    void fill(param_arrays& out, std::size_t first, std::size_t count) const;
    /// Whether the types of `count` parameters from `first` on are `types`.
    [[nodiscard]] bool has_types(const std::vector<oid>& types, std::size_t first, std::size_t count) const;
    [[nodiscard]] std::vector<oid> types(std::size_t first, std::size_t count) const;
    /// Mixes the types of `count` parameters into `seed`.
    [[nodiscard]] std::uint64_t hash_types(std::uint64_t seed, std::size_t first, std::size_t count) const noexcept;

    void clear() noexcept {
        slots_.clear();
        bytes_.clear();
    }

 private:
    struct slot {
        std::size_t offset;
        oid type;
        std::int32_t length;  // -1 is NULL
        coropg::format format;
    };

    /// The declared type of a NULL for which `T` stands.
    template <class T>
    static constexpr oid null_type() {
        if constexpr (!encodable<T>)
            return 0;
        else
            return is_inferred<T>() ? 0 : codec<T>::type.oid;
    }

    void add_null(oid type) { slots_.push_back({0, type, -1, format::text}); }
    void finish(std::size_t from, oid type, coropg::format format);

    std::vector<slot> slots_;
    std::vector<char> bytes_;
};

template <class T>
void params::add(const T& value) {
    using type = std::remove_cvref_t<T>;
    if constexpr (std::is_same_v<type, std::nullopt_t> || std::is_same_v<type, std::nullptr_t>) {
        add_null(0);
    } else if constexpr (is_optional<type>) {
        if (value)
            add(*value);
        else
            add_null(null_type<typename type::value_type>());
    } else if constexpr (!encodable<type>) {
        static_assert(encodable<type>, "no coropg::codec says how to send this type of parameter");
    } else {
        const std::size_t from = bytes_.size();
        encoder out{bytes_};
        codec<type>::encode(value, out);
        finish(from, is_inferred<type>() ? 0 : codec<type>::type.oid, wire_format<type>());
    }
}

}  // namespace coropg::detail
