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

    /// Whether types are named that no one has looked up yet.
    [[nodiscard]] bool has_unresolved() const noexcept {
        return !is_resolved_ && (!declared_.empty() || !within_.empty());
    }
    /// The names of these types.
    [[nodiscard]] std::vector<std::string_view> unresolved() const;
    /// Fills in what `types` knows of them; false, and nothing is done, when it does not know them all.
    /// Errors: usage_error when a composite does not fit its type.
    bool resolve(const type_catalog& types);
    /// Lets the server say what it thinks of 0.
    void leave_unresolved() noexcept { is_resolved_ = true; }
    /// As before `resolve`.
    void unresolve();

    void clear() noexcept {
        slots_.clear();
        bytes_.clear();
        declared_.clear();
        within_.clear();
        as_encoded_.clear();
        is_resolved_ = false;
    }

 private:
    struct slot {
        std::size_t offset;
        oid type;
        std::int32_t length;  // -1 is NULL
        coropg::format format;
    };

    struct unresolved_slot {
        std::size_t index;
        std::string_view type_name;
    };

    /// Notes the type of the parameter that is about to be added, and returns its OID as far as it is known.
    template <class T>
    oid declare() {
        if constexpr (!encodable<T>) {
            return 0;
        } else {
            if constexpr (is_inferred<T>()) return 0;
            if constexpr (is_named<T>()) declared_.push_back({slots_.size(), codec<T>::type.name});
            return codec<T>::type.oid;
        }
    }

    void add_null(oid type) { slots_.push_back({0, type, -1, format::text}); }
    void finish(std::size_t from, oid type, coropg::format format);

    std::vector<slot> slots_;
    std::vector<char> bytes_;
    std::vector<unresolved_slot> declared_;
    std::vector<unresolved_type> within_;
    std::vector<char> as_encoded_;  // composites, before they were settled
    bool is_resolved_ = false;
};

template <class T>
void params::add(const T& value) {
    using type = std::remove_cvref_t<T>;
    if constexpr (std::is_same_v<type, std::nullopt_t> || std::is_same_v<type, std::nullptr_t>) {
        add_null(0);
    } else if constexpr (requires { codec<type>::visit(value, [](const auto&) {}); }) {
        codec<type>::visit(value, [&](const auto& held) { this->add(held); });
    } else if constexpr (is_optional<type>) {
        if (value)
            add(*value);
        else
            add_null(declare<typename type::value_type>());
    } else if constexpr (!encodable<type>) {
        static_assert(encodable<type>, "no coropg::codec says how to send this type of parameter");
    } else {
        const std::size_t from = bytes_.size();
        const oid declared = declare<type>();
        encoder out{bytes_, &within_};
        codec<type>::encode(value, out);
        finish(from, declared, wire_format<type>());
    }
}

}  // namespace coropg::detail
