// The mapping of rows to C++ values: a scalar is one column, a tuple or pair is columns by position, an aggregate is
// columns by the names of its members, nested ones by prefix. The shape is checked once for a result; a row then costs
// its decoding.
#pragma once

#include <coropg/detail/values/columns.hpp>
#include <coropg/result.hpp>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace coropg::detail {

/// One column: a type with a codec, or an optional of one.
template <class T>
concept scalar = decodable<value_type<T>> && !tuple_like<T>;

template <class T>
concept described = aggregate<T> && !scalar<T>;

/// One column that is a composite, or as many as it has members: the columns decide.
template <class T>
concept described_composite = scalar<T> && aggregate<T> && requires { codec<T>::is_composite; };

// ---------------------------------------------------------------------------------------------- readable types

template <class T>
concept row_type = scalar<T> || tuple_like<T> || described<T>;

/// A member that is itself an aggregate takes several columns.
template <class Member>
concept nested_aggregate = described<value_type<Member>>;

template <class T>
consteval bool owns_its_memory() {
    if constexpr (scalar<T>)
        return !is_view<value_type<T>>;
    else if constexpr (tuple_like<T> || described<T>)
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (owns_its_memory<value_type<member_t<T, I>>>() && ...);
        }(std::make_index_sequence<width_of<T>>{});
    else
        return true;
}

// -------------------------------------------------------------------------------------------------------- leaves
//
// A row is read into the leaves of T: the members of an aggregate, and in the place of a member that is an aggregate
// itself, its members. A leaf's column is named after the path to it: "id", "customer_id" or "customer.id".

inline constexpr std::size_t max_depth = 4;

struct leaf {
    std::array<std::string_view, max_depth> path;  ///< outermost first; the unused rest is empty
    bool may_lack = false;                         ///< without a column it keeps its default
};

template <class T>
consteval std::size_t count_leaves() {
    if constexpr (tuple_like<T>)
        return width_of<T>;
    else
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (std::size_t{0} + ... + [] {
                if constexpr (nested_aggregate<member_t<T, I>>)
                    return count_leaves<value_type<member_t<T, I>>>();
                else
                    return std::size_t{1};
            }());
        }(std::make_index_sequence<width_of<T>>{});
}

template <class T, std::size_t Size>
constexpr void add_leaves(std::array<leaf, Size>& leaves, std::size_t& next, leaf prefix, std::size_t depth) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (
            [&] {
                leaf at = prefix;
                at.path[depth] = column_name<T, I>();
                if constexpr (nested_aggregate<member_t<T, I>>) {
                    add_leaves<value_type<member_t<T, I>>>(leaves, next, at, depth + 1);
                } else {
                    at.may_lack = may_lack_column<T, I>();
                    leaves[next++] = at;
                }
            }(),
            ...);
    }(std::make_index_sequence<width_of<T>>{});
}

template <aggregate T>
inline constexpr auto leaves_of = [] {
    std::array<leaf, count_leaves<T>()> leaves{};
    std::size_t next = 0;
    add_leaves<T>(leaves, next, {}, 0);
    return leaves;
}();

// ---------------------------------------------------------------------------------------------------- the reader

/// Where the values of a leaf stand in a result, and how they are written.
struct column {
    int index = -1;  ///< -1: there is none, and the leaf keeps its default
    oid type = 0;    ///< the built-in one that is like it
    coropg::format format{};
    bool is_plain = false;  ///< its values may be decoded in the short way
};

/// The columns of `leaves`, in their order. Errors: decode_error that names what is missing on either side.
void find_columns(const result& from, std::span<const leaf> leaves, std::span<column> columns, bool lax,
                  std::string_view type);

/// Whether `find_columns` finds them.
bool has_columns(const result& from, std::span<const leaf> leaves, bool lax);

/// All columns of a result. Errors: decode_error when they are more or fewer.
void take_columns(const result& from, std::span<column> columns, std::string_view type);

/// Decodes a value of a type that the codec reads, or NULL. Out of line, once for all structs with such a member: a
/// codec may call a whole parser, which no row is to hold.
template <class Element>
[[gnu::noinline]] Element decode_or_null(std::string_view bytes, const column& of, const field_place& place) {
    const field f{bytes, of.type, of.format, place};
    if (bytes.empty() && PQgetisnull(place.result, place.row, place.column) != 0) return null_value<Element>(f);
    return codec<value_type<Element>>::decode(f);
}

/// Whether a T is moved and destroyed without code of others: it holds numbers, text and what is copied like bytes.
template <class T>
consteval bool is_simple() {
    if constexpr (is_optional<T>)
        return is_simple<value_type<T>>();
    else if constexpr (std::is_trivially_copyable_v<T> || std::is_same_v<T, std::string>)
        return true;
    else if constexpr (tuple_like<T> || described<T>)
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return (is_simple<member_t<T, I>>() && ...);
        }(std::make_index_sequence<width_of<T>>{});
    else
        return false;
}

/// Reads the rows of one result as T.
template <row_type T>
class row_reader {
 public:
    explicit row_reader(const result& from, bool lax = false) : result_{from.native_handle()}, types_{from.types()} {
        if constexpr (described_composite<T>) by_members_ = !is_one_composite(from, lax || is_lax<T>());
        if constexpr (described<T> || described_composite<T>) {
            if (described<T> || by_members_) {
                find_columns(from, leaves_of<T>, columns_, lax || is_lax<T>(), type_name<T>());
                check_members<T, 0>();
                return;
            }
        }
        if constexpr (!described<T>) {
            take_columns(from, std::span{columns_}.first(scalar<T> ? 1 : width), type_name<T>());
            check_types<T, 0>();
        }
    }

    [[nodiscard]] T read(int row) const {
        if constexpr (described_composite<T>) {
            if (by_members_) return read_members<T, 0>(row, std::make_index_sequence<width_of<T>>{});
        }
        if constexpr (scalar<T>)
            return read_value<T>(row, columns_[0]);
        else
            return read_members<T, 0>(row, std::make_index_sequence<width_of<T>>{});
    }

    [[nodiscard]] std::vector<T> read_all() const {
        std::vector<T> rows;
        rows.reserve(static_cast<std::size_t>(PQntuples(result_)));
        append_to(rows);
        return rows;
    }

    void append_to(std::vector<T>& rows) const {
        if constexpr (is_simple<T>())
            append_inlined(rows);
        else
            append_rows(rows);
    }

 private:
    static constexpr std::size_t width = [] {
        if constexpr (scalar<T> && !described_composite<T>)
            return std::size_t{1};
        else
            return count_leaves<T>();
    }();

    /// A column of another composite is taken for the value, too, unless it is that of the only member.
    static bool is_one_composite(const result& from, bool lax) {
        if (from.columns() != 1) return false;
        const PGresult* const r = from.native_handle();
        const field f{{}, like(from.types(), PQftype(r, 0)), format::binary, {r, 0, 0, from.types()}};
        return codec<T>::reads(f.type()) && (reads<T>(f) || !has_columns(from, leaves_of<T>, lax));
    }

    /// Becomes the row where that is to stand, which saves a move. For aggregates only: another type may have a
    /// constructor that takes this itself.
    struct made_in_place {
        const row_reader& reader;
        int row;
        operator T() const { return reader.read(row); }
    };

    void append_rows(std::vector<T>& rows) const {
        const row_reader self = *this;  // a local, which for all compilers know is not changed by calls of libpq
        const int count = PQntuples(result_);
        for (int i = 0; i < count; ++i) {
            if constexpr (described<T>)
                rows.emplace_back(made_in_place{self, i});
            else
                rows.push_back(self.read(i));
        }
    }

    /// The same with all it calls inlined, which keeps the columns in registers. For simple types only: those of others
    /// bring destructors of any size.
    [[gnu::flatten]] void append_inlined(std::vector<T>& rows) const { append_rows(rows); }

    template <class Member>
    static constexpr std::size_t leaves_in = [] {
        if constexpr (nested_aggregate<Member>)
            return count_leaves<value_type<Member>>();
        else
            return std::size_t{1};
    }();

    /// Where the leaves of member I of `Row` begin, counted from the first of `Row`.
    template <class Row, std::size_t I>
    static constexpr std::size_t offset_of = []<std::size_t... Before>(std::index_sequence<Before...>) {
        return (std::size_t{0} + ... + leaves_in<member_t<Row, Before>>);
    }(std::make_index_sequence<I>{});

    template <class Row, std::size_t First>
    void check_types() {
        if constexpr (scalar<Row>)
            check_type<value_type<Row>>(columns_[First]);
        else
            check_members<Row, First>();
    }

    template <class Row, std::size_t First>
    void check_members() {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (check_member<member_t<Row, I>, First + offset_of<Row, I>>(), ...);
        }(std::make_index_sequence<width_of<Row>>{});
    }

    template <class Member, std::size_t First>
    void check_member() {
        if constexpr (nested_aggregate<Member>)
            check_types<value_type<Member>, First>();
        else
            check_type<value_type<Member>>(columns_[First]);
    }

    template <class Element>
    void check_type(column& at) {
        static_assert(decodable<Element>, "no coropg::codec says how to read this type");
        if (at.index < 0) return;
        const field f{{}, at.type, at.format, {result_, 0, at.index, types_}};
        if (!reads_column<Element>(f)) f.template mismatch<Element>();
        if constexpr (plainly_decodable<Element>) at.is_plain = f.is_binary() && is_plain_type<Element>(at.type);
    }

    template <class Row, std::size_t First, std::size_t... I>
    Row read_members(int row, std::index_sequence<I...>) const {
        return Row{read_member<Row, I, First + offset_of<Row, I>>(row)...};
    }

    template <class Row, std::size_t I, std::size_t First>
    member_t<Row, I> read_member(int row) const {
        using Member = member_t<Row, I>;
        if constexpr (nested_aggregate<Member>) {
            using Inner = value_type<Member>;
            if constexpr (is_optional<Member>) {
                if (all_null<First, count_leaves<Inner>()>(row)) return std::nullopt;
            }
            return read_members<Inner, First>(row, std::make_index_sequence<width_of<Inner>>{});
        } else if constexpr (!tuple_like<Row>) {
            if constexpr (may_lack_column<Row, I>()) {
                if (columns_[First].index < 0) return initial_member<Row, I>();
            }
            return read_value<Member>(row, columns_[First]);
        } else {
            return read_value<Member>(row, columns_[First]);
        }
    }

    template <std::size_t First, std::size_t Count>
    [[nodiscard]] bool all_null(int row) const {
        for (std::size_t i = First; i < First + Count; ++i)
            if (columns_[i].index >= 0 && PQgetisnull(result_, row, columns_[i].index) == 0) return false;
        return true;
    }

    template <class Element>
    Element read_value(int row, const column& at) const {
        using V = value_type<Element>;
        const std::string_view bytes{PQgetvalue(result_, row, at.index),
                                     static_cast<std::size_t>(PQgetlength(result_, row, at.index))};
        if constexpr (plainly_decodable<V>) {
            if (at.is_plain && has_plain_size<V>(bytes)) [[likely]]
                return codec<V>::decode_plain(bytes);
        }
        return decode_or_null<Element>(bytes, at, {result_, row, at.index, types_});
    }

    const PGresult* result_;
    const type_catalog* types_;
    std::array<column, width> columns_{};
    bool by_members_ = false;  // of a composite that has no column of its own
};

// ------------------------------------------------------------------------------------------- rows of parameters

/// The number of parameters in one element of an `execute_many` range.
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
