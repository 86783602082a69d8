// The types of PostgreSQL's own catalogs and internals: where the log stands, who wrote a row and where it lies, and
// references to objects by their OID.
#pragma once

#include <coropg/codec.hpp>
#include <coropg/types/arithmetic.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace coropg {

namespace oids {
inline constexpr oid int2vector = 22, regproc = 24, tid = 27, xid = 28, cid = 29, oidvector = 30, refcursor = 1790,
                     regprocedure = 2202, regoper = 2203, regoperator = 2204, regclass = 2205, regtype = 2206,
                     pg_lsn = 3220, regconfig = 3734, regdictionary = 3769, regnamespace = 4089, regrole = 4096,
                     regcollation = 4191, xid8 = 5069;
}  // namespace oids

/// A position in the write-ahead log, in bytes.
struct lsn {
    std::uint64_t value{};

    /// "16/B374D848"
    [[nodiscard]] std::string to_string() const;

    friend auto operator<=>(const lsn&, const lsn&) = default;
};

/// The number of a transaction. It starts over after 2^32 of them, so that there is no order.
struct xid {
    std::uint32_t value{};

    friend bool operator==(const xid&, const xid&) = default;
};

/// The number of a transaction, which never starts over.
struct xid8 {
    std::uint64_t value{};

    friend auto operator<=>(const xid8&, const xid8&) = default;
};

/// The number of a command within its transaction.
struct cid {
    std::uint32_t value{};

    friend bool operator==(const cid&, const cid&) = default;
};

/// Where a row lies in its table: `ctid`.
struct tid {
    std::uint32_t block{};
    std::uint16_t offset{};

    friend auto operator<=>(const tid&, const tid&) = default;
};

/// The name of an open cursor.
struct refcursor {
    std::string name;

    refcursor() = default;
    explicit refcursor(std::string cursor) : name{std::move(cursor)} {}

    friend bool operator==(const refcursor&, const refcursor&) = default;
};

/// An OID that goes out as oid, where an integer would go out as int8.
struct object_id {
    oid value{};

    friend auto operator<=>(const object_id&, const object_id&) = default;
};

/// A reference to an object of the kind that the type `Type` refers to; 0 refers to none. In text the server prints the
/// object's name instead, which only it can resolve: text other than a number is a decode_error.
template <oid Type>
struct object_reference {
    oid value{};

    friend bool operator==(const object_reference&, const object_reference&) = default;
};

using regproc = object_reference<oids::regproc>;
using regprocedure = object_reference<oids::regprocedure>;
using regoper = object_reference<oids::regoper>;
using regoperator = object_reference<oids::regoperator>;
using regclass = object_reference<oids::regclass>;
using regtype = object_reference<oids::regtype>;
using regrole = object_reference<oids::regrole>;
using regnamespace = object_reference<oids::regnamespace>;
using regconfig = object_reference<oids::regconfig>;
using regdictionary = object_reference<oids::regdictionary>;
using regcollation = object_reference<oids::regcollation>;

/// An array that starts at 0 and has no NULLs, as the catalogs have them.
struct int2vector {
    std::vector<std::int16_t> values;

    int2vector() = default;
    explicit int2vector(std::vector<std::int16_t> elements) : values{std::move(elements)} {}

    friend bool operator==(const int2vector&, const int2vector&) = default;
};

/// An array that starts at 0 and has no NULLs, as the catalogs have them.
struct oidvector {
    std::vector<oid> values;

    oidvector() = default;
    explicit oidvector(std::vector<oid> elements) : values{std::move(elements)} {}

    friend bool operator==(const oidvector&, const oidvector&) = default;
};

namespace detail {

/// A struct of one number called `value`, which is a number on the wire, too.
template <class T>
struct number_codec {
    using number = decltype(T::value);

    static T decode(const field& f) {
        if (f.is_binary()) return {f.exactly<T, number>()};
        T read;
        const char* const end = f.bytes().data() + f.bytes().size();
        const auto [stop, problem] = std::from_chars(f.bytes().data(), end, read.value);
        if (problem != std::errc{} || stop != end) f.fail<T>("not a number of its range");
        return read;
    }
    static void encode(T sent, encoder& out) { out.number(sent.value); }
};

constexpr pg_type reference_type(oid type) {
    switch (type) {
        case oids::regproc: return {"regproc", type, 1008};
        case oids::regprocedure: return {"regprocedure", type, 2207};
        case oids::regoper: return {"regoper", type, 2208};
        case oids::regoperator: return {"regoperator", type, 2209};
        case oids::regclass: return {"regclass", type, 2210};
        case oids::regtype: return {"regtype", type, 2211};
        case oids::regconfig: return {"regconfig", type, 3735};
        case oids::regdictionary: return {"regdictionary", type, 3770};
        case oids::regnamespace: return {"regnamespace", type, 4090};
        case oids::regrole: return {"regrole", type, 4097};
        case oids::regcollation: return {"regcollation", type, 4192};
        default: return {};
    }
}

}  // namespace detail

template <>
struct codec<lsn> {
    static constexpr pg_type type{"pg_lsn", oids::pg_lsn, 3221};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::pg_lsn; }
    static lsn decode(const field& f);
    static void encode(lsn value, encoder& out) { out.number(value.value); }
};

template <>
struct codec<xid> : detail::number_codec<xid> {
    static constexpr pg_type type{"xid", oids::xid, 1011};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::xid; }
};

template <>
struct codec<xid8> : detail::number_codec<xid8> {
    static constexpr pg_type type{"xid8", oids::xid8, 271};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::xid8; }
};

template <>
struct codec<cid> : detail::number_codec<cid> {
    static constexpr pg_type type{"cid", oids::cid, 1012};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::cid; }
};

template <>
struct codec<tid> {
    static constexpr pg_type type{"tid", oids::tid, 1010};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::tid; }
    static tid decode(const field& f);
    static void encode(tid value, encoder& out);
};

template <>
struct codec<refcursor> {
    static constexpr pg_type type{"refcursor", oids::refcursor, 2201};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::refcursor; }
    static refcursor decode(const field& f) { return refcursor{std::string{f.bytes()}}; }
    static void encode(const refcursor& value, encoder& out) { out.text(value.name); }
};

template <>
struct codec<object_id> : detail::number_codec<object_id> {
    static constexpr pg_type type{"oid", oids::oid_, 1028};
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == oids::oid_; }
};

template <oid Type>
struct codec<object_reference<Type>> : detail::number_codec<object_reference<Type>> {
    static_assert(detail::reference_type(Type).oid != 0, "no type of references to objects has this OID");

    static constexpr pg_type type = detail::reference_type(Type);
    static constexpr bool reads_text = true;
    static bool reads(oid from) { return from == Type; }
    static object_reference<Type> decode(const field& f) {
        if (!f.is_binary()) {
            if (f.bytes() == "-") return {};
            if (f.bytes().empty() || f.bytes().find_first_not_of("0123456789") != std::string_view::npos) {
                f.fail<object_reference<Type>>("it is printed as a name; ask for binary, or cast to oid in SQL");
            }
        }
        return codec::number_codec::decode(f);
    }
};

/// Goes out as text, for the server takes no empty vector in binary. Arrays of it cannot be read.
template <>
struct codec<int2vector> {
    static constexpr pg_type type{"int2vector", oids::int2vector, 1006};
    static constexpr bool reads_text = true;
    static constexpr format wire = format::text;
    static bool reads(oid from) { return from == oids::int2vector; }
    static int2vector decode(const field& f);
    static void encode(const int2vector& value, encoder& out);
};

/// Goes out as text, for the server takes no empty vector in binary. Arrays of it cannot be read.
template <>
struct codec<oidvector> {
    static constexpr pg_type type{"oidvector", oids::oidvector, 1013};
    static constexpr bool reads_text = true;
    static constexpr format wire = format::text;
    static bool reads(oid from) { return from == oids::oidvector; }
    static oidvector decode(const field& f);
    static void encode(const oidvector& value, encoder& out);
};

}  // namespace coropg
