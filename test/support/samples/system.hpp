// Bit strings, money, and the types of PostgreSQL's catalogs.
#pragma once

#include "text.hpp"

#include <coropg/types/bits.hpp>
#include <coropg/types/money.hpp>
#include <coropg/types/system.hpp>

#include <boost/dynamic_bitset.hpp>

namespace coropg::test {

template <std::size_t N>
struct sample<std::bitset<N>> {
    static std::bitset<N> make(source& from) {
        std::bitset<N> value;
        for (std::size_t i = 0; i < N; ++i) value[i] = from.one_in(2);
        return value;
    }
    static std::string print(const std::bitset<N>& value) { return value.to_string(); }
    static std::string text(const std::bitset<N>& value) { return print(value); }
};

template <>
struct sample<boost::dynamic_bitset<>> {
    static boost::dynamic_bitset<> make(source& from) {
        boost::dynamic_bitset<> value{from.size_below(80)};
        for (std::size_t i = 0; i < value.size(); ++i) value[i] = from.one_in(2);
        return value;
    }
    static std::string print(const boost::dynamic_bitset<>& value) {
        std::string text;
        to_string(value, text);
        return "b" + text;
    }
    static std::string text(const boost::dynamic_bitset<>& value) { return print(value).substr(1); }
};

template <>
struct sample<money> {
    static money make(source& from) { return {from.number<std::int64_t>()}; }
    static std::string print(const money& value) { return std::to_string(value.units); }
};

/// The numbers of transactions and commands, and references by OID.
template <class T>
    requires std::same_as<T, xid> || std::same_as<T, xid8> || std::same_as<T, cid> || std::same_as<T, object_id>
struct sample<T> {
    static T make(source& from) { return {from.number<decltype(T::value)>()}; }
    static std::string print(const T& value) { return std::to_string(value.value); }
    static std::string text(const T& value) { return print(value); }
};

/// To none, or to objects that do not exist: of others the server prints the name.
template <oid Type>
struct sample<object_reference<Type>> {
    static object_reference<Type> make(source& from) {
        return {from.one_in(16) ? 0 : 0x8000'0000U | static_cast<std::uint32_t>(from.bits(31))};
    }
    static std::string print(const object_reference<Type>& value) { return std::to_string(value.value); }
};

template <>
struct sample<refcursor> {
    static refcursor make(source& from) { return refcursor{sample<std::string>::make(from)}; }
    static std::string print(const refcursor& value) { return sample<std::string>::print(value.name); }
    static std::string text(const refcursor& value) { return value.name; }
};

template <>
struct sample<lsn> {
    static lsn make(source& from) { return {from.number<std::uint64_t>()}; }
    static std::string print(const lsn& value) { return std::to_string(value.value); }
    static std::string text(const lsn& value) {
        return formatted("%X/%X", static_cast<std::uint32_t>(value.value >> 32U),
                         static_cast<std::uint32_t>(value.value));
    }
};

template <>
struct sample<tid> {
    static tid make(source& from) { return {from.number<std::uint32_t>(), from.number<std::uint16_t>()}; }
    static std::string print(const tid& value) { return formatted("(%u,%u)", value.block, value.offset); }
    static std::string text(const tid& value) { return print(value); }
};

/// int2vector and oidvector.
template <class T>
    requires std::same_as<T, int2vector> || std::same_as<T, oidvector>
struct sample<T> {
    static T make(source& from) {
        T vector;
        for (std::uint64_t left = from.below(6); left > 0; --left)
            vector.values.push_back(from.number<typename decltype(T::values)::value_type>());
        return vector;
    }
    static std::string print(const T& vector) { return "<" + text(vector) + ">"; }
    static std::string text(const T& vector) {
        std::string text;
        for (const auto value : vector.values) text += (text.empty() ? "" : " ") + std::to_string(value);
        return text;
    }
};

}  // namespace coropg::test
