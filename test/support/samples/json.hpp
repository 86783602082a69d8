// JSON documents. Their numbers are integers and fractions of few digits: Boost.JSON before 1.82 may read the last bit of
// others otherwise, so that there they all print alike.
#pragma once

#include "numbers.hpp"
#include "text.hpp"

#include <coropg/types/boost_json.hpp>

#include <boost/version.hpp>

#include <boost/json/src.hpp>  // one file of a program has it: that which has the samples

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

}  // namespace coropg::test
