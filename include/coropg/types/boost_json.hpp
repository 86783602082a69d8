// json and jsonb as boost::json::value. Not part of <coropg/coropg.hpp>: a program that includes this links Boost.JSON,
// or has <boost/json/src.hpp> in one of its files.
//
// Limits of Boost.JSON: numbers are std::int64_t, std::uint64_t or double, so that more than 17 digits are lost,
// and a number beyond double's range is a decode_error. Before Boost 1.82 the last bit of a double may be another. Of
// keys that occur twice in a json, the last one counts, as in jsonb.
#pragma once

#include <coropg/types/json.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/system/error_code.hpp>

#include <cmath>

namespace coropg {

namespace detail {

/// Calls `text` with each key and string of a document and `number` with each double.
template <class Text, class Number>
void visit_json(const boost::json::value& document, const Text& text, const Number& number) {
    if (const auto* const object = document.if_object()) {
        for (const auto& [key, value] : *object) {
            text(std::string_view{key.data(), key.size()});
            visit_json(value, text, number);
        }
    } else if (const auto* const array = document.if_array()) {
        for (const auto& value : *array) visit_json(value, text, number);
    } else if (const auto* const string = document.if_string()) {
        text(std::string_view{string->data(), string->size()});
    } else if (const auto* const floating = document.if_double()) {
        number(*floating);
    }
}

/// Boost 1.82 and newer round doubles correctly when asked to.
template <class Options>
void round_correctly(Options& options) {
    if constexpr (requires { options.numbers; }) options.numbers = decltype(options.numbers)::precise;
}

/// `T` is the type that an error names.
template <class T>
boost::json::value parse_json(const field& f) {
    boost::json::parse_options options;
    options.max_depth = max_json_depth;
    round_correctly(options);
    const std::string_view text = characters<T>(f);
    boost::system::error_code problem;
    boost::json::value document = boost::json::parse({text.data(), text.size()}, problem, {}, options);
    if (problem) f.fail<T>("not a JSON document: " + problem.message());
    visit_json(
        document, [](std::string_view) {},
        [&](double number) {
            if (!is_finite(number)) f.fail<T>("a number exceeds the range of double");
        });
    return document;
}

/// Errors: usage_error for a document that jsonb cannot hold.
inline std::string print_json(const boost::json::value& document) {
    visit_json(document, check_jsonb_text, check_jsonb_number);
    return boost::json::serialize(document);
}

}  // namespace detail

/// A NULL is no JSON null: the one is std::nullopt, the other a value that is null.
template <>
struct codec<boost::json::value> : detail::jsonb_codec {
    static boost::json::value decode(const field& f) { return detail::parse_json<boost::json::value>(f); }
    static void encode(const boost::json::value& value, encoder& out) { write(detail::print_json(value), out); }
};

}  // namespace coropg
