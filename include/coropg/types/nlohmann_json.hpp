// json and jsonb as nlohmann::json and nlohmann::ordered_json. Not part of <coropg/coropg.hpp>: a program that includes
// this has the headers of nlohmann's library.
//
// Limits of that library: numbers are std::int64_t, std::uint64_t or double, so that more than 17 digits are
// lost, and a number beyond double's range is a decode_error. Of keys that occur twice in a json, the last one counts,
// as in jsonb.
#pragma once

#include <coropg/types/json.hpp>

#include <nlohmann/json.hpp>

#include <concepts>

namespace coropg {

namespace detail {

template <class T>
concept nlohmann_json = std::same_as<T, nlohmann::json> || std::same_as<T, nlohmann::ordered_json>;

template <nlohmann_json T>
void check_jsonb(const T& document) {
    if (document.is_object()) {
        for (const auto& [key, value] : document.items()) {
            check_jsonb_text(key);
            check_jsonb(value);
        }
    } else if (document.is_array()) {
        for (const T& value : document) check_jsonb(value);
    } else if (document.is_string()) {
        check_jsonb_text(document.template get_ref<const std::string&>());
    } else if (document.is_number_float()) {
        check_jsonb_number(document.template get<double>());
    } else if (document.is_binary() || document.is_discarded()) {
        throw usage_error{"a jsonb parameter holds what is not JSON"};
    }
}

}  // namespace detail

/// A NULL is no JSON null: the one is std::nullopt, the other a value that is null.
template <detail::nlohmann_json T>
struct codec<T> : detail::jsonb_codec {
    static T decode(const field& f) {
        const std::string_view text = detail::characters<T>(f);
        if (detail::json_depth(text) > detail::max_json_depth) f.fail<T>("not a JSON document: too deep");
        try {
            return T::parse(text);
        } catch (const nlohmann::json::exception& e) {
            f.fail<T>(e.what());
        }
    }
    static void encode(const T& value, encoder& out) {
        detail::check_jsonb(value);
        try {
            write(value.dump(), out);
        } catch (const nlohmann::json::exception& e) {  // of text that is not UTF-8
            throw usage_error{e.what()};
        }
    }
};

}  // namespace coropg
