#include "unknown_types.hpp"

#include <coropg/detail/values/composite.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace coropg::detail {

namespace {

/// Walks values by their headers. Bytes that are not as they should be are left to the decoder, which says so.
class walk {
 public:
    walk(const type_catalog& types, std::vector<oid>& unknown) : types_{types}, unknown_{unknown} {}

    /// Whether the values of a type are to be looked into. Notes it when it is unknown.
    bool holds_records(oid type) {
        if (!may_hold_user_types(type)) return false;
        if (type < first_user_oid) return true;
        const auto* const base = types_.find_base(type);
        if (base == nullptr) {
            note(type);
            return false;
        }
        return base->kind == 'c' || (base->category == 'A' && holds_records(base->element));
    }

    void value(oid type, std::string_view bytes) {
        if (depth_ == max_nesting || !holds_records(type)) return;
        ++depth_;
        const auto* const base = types_.find_base(type);
        if (type == records || (base != nullptr && base->category == 'A'))
            array(base, bytes);
        else
            record(base, bytes);
        --depth_;
    }

 private:
    using known_type = type_catalog::known_type;
    static constexpr oid records = 2287;
    /// No struct is that deep; a server that is not to be trusted must not exhaust the stack.
    static constexpr int max_nesting = 64;

    void note(oid type) {
        if (std::ranges::find(unknown_, type) == unknown_.end()) unknown_.push_back(type);
    }

    template <class Number>
    static bool take(std::string_view& bytes, Number& number) {
        if (bytes.size() < sizeof number) return false;
        number = field::load<Number>(bytes.data());
        bytes.remove_prefix(sizeof number);
        return true;
    }

    /// int32 length or -1, bytes.
    static bool take(std::string_view& bytes, std::string_view& part) {
        std::int32_t length = 0;
        if (!take(bytes, length)) return false;
        const auto size = static_cast<std::size_t>(std::max(length, 0));
        if (size > bytes.size()) return false;
        part = bytes.substr(0, size);
        bytes.remove_prefix(size);
        return true;
    }

    // int32 number of fields; for each field its type's OID and its value. Source: record_send in rowtypes.c.
    void record(const known_type* known, std::string_view bytes) {
        std::int32_t count = 0;
        if (!take(bytes, count) || count < 0) return;
        bool is_as_known = known == nullptr || known->attributes.size() == static_cast<std::size_t>(count);
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            oid part = 0;
            std::string_view content;
            if (!take(bytes, part) || !take(bytes, content)) return;
            is_as_known = is_as_known && (known == nullptr || known->attributes[i].type == part);
            value(part, content);
        }
        if (!is_as_known) note(known->number);
    }

    // int32 dimensions, int32 has it NULLs, the elements' OID; for each dimension int32 size, int32 lower bound; the
    // elements. Source: array_send in arrayfuncs.c.
    void array(const known_type* known, std::string_view bytes) {
        std::int32_t dimensions = 0;
        std::int32_t has_nulls = 0;
        oid element = 0;
        if (!take(bytes, dimensions) || !take(bytes, has_nulls) || !take(bytes, element)) return;
        if (known != nullptr && known->element != element) note(known->number);
        if (!holds_records(element)) return;
        for (; dimensions > 0; --dimensions) {
            std::int64_t size_and_lower = 0;
            if (!take(bytes, size_and_lower)) return;
        }
        for (std::string_view content; take(bytes, content);) value(element, content);
    }

    const type_catalog& types_;
    std::vector<oid>& unknown_;
    int depth_ = 0;
};

}  // namespace

void find_unknown_types(const result& from, int column, const type_catalog& types, std::vector<oid>& unknown) {
    const PGresult* const r = from.native_handle();
    const oid type = PQftype(r, column);
    walk over{types, unknown};
    if (!over.holds_records(type) || PQfformat(r, column) != static_cast<int>(format::binary)) return;
    for (int row = 0; row < PQntuples(r); ++row)
        if (PQgetisnull(r, row, column) == 0)
            over.value(type, {PQgetvalue(r, row, column), static_cast<std::size_t>(PQgetlength(r, row, column))});
}

}  // namespace coropg::detail
