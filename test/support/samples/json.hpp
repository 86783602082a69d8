// JSON documents of two libraries, and structs that are stored as JSON. Their numbers are integers and fractions of few
// digits: Boost.JSON before 1.82 may read the last bit of others otherwise, so that there they all print alike. One file
// of the program includes boost/json/src.hpp.
#pragma once

#include "array.hpp"
#include "numbers.hpp"
#include "text.hpp"

#include <coropg/types/boost_json.hpp>
#include <coropg/types/json_struct.hpp>
#include <coropg/types/nlohmann_json.hpp>

#include <boost/version.hpp>

#include <map>

namespace coropg::test {

template <>
struct sample<boost::json::value> {
    static boost::json::value make(source& from) { return make(from, 4); }

    /// Members by key; what jsonb holds as an integer is one.
    static std::string print(const boost::json::value& value) {
        if (const auto* const object = value.if_object()) {
            std::map<std::string, std::string> members;
            for (const auto& [key, member] : *object)
                members[sample<std::string>::print(std::string{key})] = print(member);
            std::string text;
            for (const auto& [key, member] : members) text += (text.empty() ? "" : ",") + key + "=" + member;
            return "{" + text + "}";
        }
        if (const auto* const array = value.if_array()) {
            std::string text;
            for (const auto& item : *array) text += (text.empty() ? "" : ",") + print(item);
            return "[" + text + "]";
        }
        if (const auto* const string = value.if_string())
            return sample<std::string>::print(std::string{string->data(), string->size()});
        if (const auto* const number = value.if_int64()) return std::to_string(*number);
        if (const auto* const number = value.if_uint64()) return std::to_string(*number);
        if (const auto* const number = value.if_double()) return printed_fraction(*number);
        if (const auto* const boolean = value.if_bool()) return sample<bool>::print(*boolean);
        return "NULL";
    }

 private:
    static std::string printed_fraction(double number) {
        if (number == std::trunc(number) && std::fabs(number) < 9e15)
            return std::to_string(static_cast<std::int64_t>(number));
        const double scaled = number * 1024;
        const bool is_exact = scaled == std::trunc(scaled) && std::fabs(number) < 1e9;
        return is_exact || BOOST_VERSION >= 108200 ? sample<double>::print(number) : "a fraction";
    }

    static boost::json::value make(source& from, int depth) {
        switch (from.below(depth > 0 ? 8 : 6)) {
            case 0: return nullptr;
            case 1: return from.one_in(2);
            case 2: return from.number<std::int64_t>();
            case 3: return static_cast<double>(from.between(-1'000'000, 1'000'000)) / 64;
            case 4:
            case 5: return boost::json::string{sample<std::string>::make(from)};
            case 6: {
                boost::json::array items;
                for (std::uint64_t left = from.below(5); left > 0; --left) items.push_back(make(from, depth - 1));
                return items;
            }
            default: {
                boost::json::object members;
                for (std::uint64_t left = from.below(5); left > 0; --left) {
                    const std::string key = sample<std::string>::make(from);
                    members[key] = make(from, depth - 1);
                }
                return members;
            }
        }
    }
};

/// By way of Boost.JSON's, which prints alike.
template <>
struct sample<nlohmann::json> {
    static nlohmann::json make(source& from) { return convert(sample<boost::json::value>::make(from)); }
    static std::string print(const nlohmann::json& value) { return sample<boost::json::value>::print(convert(value)); }

 private:
    static nlohmann::json convert(const boost::json::value& from) {
        switch (from.kind()) {
            case boost::json::kind::null: return nullptr;
            case boost::json::kind::bool_: return from.get_bool();
            case boost::json::kind::int64: return from.get_int64();
            case boost::json::kind::uint64: return from.get_uint64();
            case boost::json::kind::double_: return from.get_double();
            case boost::json::kind::string: return std::string{from.get_string()};
            case boost::json::kind::array: {
                nlohmann::json array = nlohmann::json::array();
                for (const auto& item : from.get_array()) array.push_back(convert(item));
                return array;
            }
            case boost::json::kind::object: break;
        }
        nlohmann::json object = nlohmann::json::object();
        for (const auto& [key, member] : from.get_object()) object[std::string{key}] = convert(member);
        return object;
    }
    static boost::json::value convert(const nlohmann::json& from) {
        switch (from.type()) {
            case nlohmann::json::value_t::boolean: return from.get<bool>();
            case nlohmann::json::value_t::number_integer: return from.get<std::int64_t>();
            case nlohmann::json::value_t::number_unsigned: return from.get<std::uint64_t>();
            case nlohmann::json::value_t::number_float: return from.get<double>();
            case nlohmann::json::value_t::string: return boost::json::string{from.get_ref<const std::string&>()};
            case nlohmann::json::value_t::array: {
                boost::json::array array;
                for (const auto& item : from) array.push_back(convert(item));
                return array;
            }
            case nlohmann::json::value_t::object: {
                boost::json::object object;
                for (const auto& [key, member] : from.items()) object[key] = convert(member);
                return object;
            }
            default: return nullptr;
        }
    }
};

struct article {
    std::string name;
    std::optional<bool> sold;
    double price{};
    std::vector<std::int64_t> sizes;
    std::map<std::string, std::string> words;
};

}  // namespace coropg::test

template <>
inline constexpr bool coropg::stored_as_json<coropg::test::article> = true;

namespace coropg::test {

template <>
struct sample<article> {
    static article make(source& from) {
        article value{sample<std::string>::make(from),
                      sample<std::optional<bool>>::make(from),
                      static_cast<double>(from.between(-1'000'000, 1'000'000)) / 64,
                      sample<std::vector<std::int64_t>>::make(from),
                      {}};
        for (std::uint64_t left = from.below(4); left > 0; --left) {
            const std::string key = sample<std::string>::make(from);
            value.words[key] = sample<std::string>::make(from);
        }
        return value;
    }
    static std::string print(const article& value) {
        std::string text = sample<std::string>::print(value.name) + sample<std::optional<bool>>::print(value.sold) +
                           sample<boost::json::value>::print(value.price) +
                           sample<std::vector<std::int64_t>>::print(value.sizes);
        for (const auto& [key, word] : value.words)
            text += sample<std::string>::print(key) + "=" + sample<std::string>::print(word);
        return text;
    }
};

}  // namespace coropg::test
