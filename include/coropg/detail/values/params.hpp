// The parameters of statements, encoded when the call is made: nothing refers to an argument afterwards. One `params`
// holds those of one statement, or of all statements of a batch behind one another:
//
//     parameters = { header value [ NUL ] }        with the NUL behind text
#pragma once

#include <coropg/codec.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace coropg::detail {

/// The protocol counts a statement's parameters in 16 bits.
inline constexpr std::size_t max_parameters = 65535;
/// The largest parameter: the server takes messages of at most 1 GiB - 1, and drops the connection beyond.
inline constexpr std::size_t max_parameter_bytes = std::size_t{1} << 29U;

/// The arrays that libpq takes; refilled for each statement that is sent, they are as long as the longest needs.
struct param_arrays {
    void make_room(std::size_t count) {
        if (types.size() >= count) return;
        values.resize(count);
        lengths.resize(count);
        formats.resize(count);
        types.resize(count);  // last: its size tells that there is room in all
    }

    std::vector<oid> types;
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
};

class params {
 public:
    /// Appends one parameter. NULL is `std::nullopt`, `nullptr` or an empty optional.
    /// Errors: usage_error when the value cannot be sent; what was written of it stays, and is not to be read.
    template <class T>
    void add(const T& value);

    /// Appends copies of others, whose types nobody has filled in. All or, when memory runs out, nothing.
    void append(const params& others);

    /// Where the next parameter is going to be.
    [[nodiscard]] std::size_t end() const noexcept { return bytes_.size(); }
    [[nodiscard]] std::size_t capacity_bytes() const noexcept { return bytes_.capacity(); }

    /// Lays out `count` parameters, the first of which is at `first`, for libpq.
    void fill(param_arrays& out, std::size_t first, std::size_t count) const;
    [[nodiscard]] std::vector<oid> types(std::size_t first, std::size_t count) const;

    /// Whether types are named that no one has looked up yet.
    [[nodiscard]] bool has_unresolved() const noexcept {
        return !is_resolved_ && (!declared_.empty() || !within_.empty());
    }
    /// The names of these types.
    [[nodiscard]] std::vector<std::string_view> unresolved() const;
    /// Fills in what `types` knows of them; false, and nothing is done, when it does not know them all.
    /// Errors: usage_error when a composite does not fit its type.
    bool fill_types(const type_catalog& types);
    /// As before `fill_types`.
    void unresolve();

    void clear() noexcept {
        bytes_.clear();
        declared_.clear();
        within_.clear();
        as_encoded_.clear();
        is_resolved_ = false;
    }

 private:
    static constexpr unsigned length_bits = 30;
    static constexpr std::uint32_t longest = (1U << length_bits) - 1;
    static_assert(max_parameter_bytes <= longest);

    struct header {
        oid type = 0;
        std::uint32_t length : length_bits = 0;
        std::uint32_t is_text : 1 = 0;
        std::uint32_t is_null : 1 = 0;
    };
    static_assert(sizeof(header) == 8, "a batch may have a million");

    struct named_parameter {
        std::size_t at;
        std::string_view type_name;
    };

    /// Notes the type of the parameter that is about to be added, and returns its OID as far as it is known.
    template <class T>
    oid declare() {
        if constexpr (!encodable<T>) {
            return 0;
        } else {
            if constexpr (is_inferred<T>()) return 0;
            if constexpr (is_named<T>()) declared_.push_back({bytes_.size(), codec<T>::type.name});
            return codec<T>::type.oid;
        }
    }

    void add_null(oid type);
    /// Makes room for a header and returns its place.
    std::size_t add_header();
    void finish(std::size_t at, oid type, coropg::format format);

    [[nodiscard]] header header_at(std::size_t at) const noexcept;
    void put(std::size_t at, const header& h) noexcept;
    /// Calls `visit(i, header, value)` for `count` parameters, the first of which is at `first`.
    template <class Visit>
    void for_each(std::size_t first, std::size_t count, Visit visit) const;

    std::vector<char> bytes_;
    std::vector<named_parameter> declared_;
    std::vector<unresolved_type> within_;
    std::vector<char> as_encoded_;  // composites, before they were fitted
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
        const oid declared = declare<type>();
        const std::size_t at = add_header();
        if constexpr (requires { codec<type>::is_sent_empty(value); }) {
            if (codec<type>::is_sent_empty(value)) return finish(at, declared, format::text);
        }
        encoder out{bytes_, &within_};
        codec<type>::encode(value, out);
        finish(at, declared, wire_format<type>());
    }
}

}  // namespace coropg::detail
