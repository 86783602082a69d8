// Your own aggregates as jsonb, member by member under their names. One line says so:
//
//     struct address { std::string street; std::optional<int> number; };
//     template <> inline constexpr bool coropg::stored_as_json<address> = true;
//
// Members may be bool, numbers, std::string, boost::json::value, std::optional, std::vector, std::map by std::string,
// and other aggregates for which the same is said. A member that is absent or null is an empty std::optional, which
// goes out as null; anywhere else it is a decode_error. What a document has beyond the members is ignored. Errors name
// the member by its path, such as "$.orders[2].price". Not part of <coropg/coropg.hpp>, see types/boost_json.hpp.
#pragma once

#include <coropg/detail/values/members.hpp>
#include <coropg/types/boost_json.hpp>

#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace coropg {

/// Specialise this to have values of an aggregate stored as jsonb.
template <class T>
inline constexpr bool stored_as_json = false;

namespace detail {

template <class T>
concept json_struct = stored_as_json<T> && aggregate<T>;

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

template <class T>
inline constexpr bool is_string_map = false;
template <class T>
inline constexpr bool is_string_map<std::map<std::string, T>> = true;

template <class T>
concept json_scalar = std::same_as<T, bool> || std::same_as<T, std::string> || integer<T> || std::floating_point<T> ||
                      std::same_as<T, boost::json::value>;

template <class T>
concept json_member = json_scalar<T> || is_optional<T> || is_vector<T> || is_string_map<T> || json_struct<T>;

/// Reads a document as `Root`.
template <class Root>
class json_reader {
 public:
    explicit json_reader(const field& f) : field_{f} {}

    template <json_member T>
    T read(const boost::json::value& from) {
        if constexpr (std::same_as<T, boost::json::value>) {
            return from;
        } else if constexpr (std::same_as<T, bool>) {
            return *expect(from.if_bool(), "no boolean");
        } else if constexpr (std::same_as<T, std::string>) {
            const boost::json::string& text = *expect(from.if_string(), "no string");
            return {text.data(), text.size()};
        } else if constexpr (integer<T> || std::floating_point<T>) {
            return read_number<T>(from);
        } else if constexpr (is_optional<T>) {
            if (from.is_null()) return std::nullopt;
            return read<typename T::value_type>(from);
        } else if constexpr (is_vector<T>) {
            return read_vector<typename T::value_type>(*expect(from.if_array(), "no array"));
        } else if constexpr (is_string_map<T>) {
            return read_map<typename T::mapped_type>(*expect(from.if_object(), "no object"));
        } else {
            const boost::json::object& object = *expect(from.if_object(), "no object");
            return [&]<std::size_t... I>(std::index_sequence<I...>) {
                return T{read_member<member_t<T, I>>(object, member_names<T>[I])...};
            }(std::make_index_sequence<member_count<T>>{});
        }
    }

 private:
    template <class T>
    T read_number(const boost::json::value& from) {
        if (!from.is_number()) fail("no number");
        boost::system::error_code problem;
        const T number = from.to_number<T>(problem);  // of an integer type exactly this number
        if (problem) fail("no number of type " + std::string{type_name<T>()});
        if constexpr (std::floating_point<T>) {
            const auto* const whole = from.if_int64();
            const auto* const large = from.if_uint64();
            if ((whole != nullptr && !is_exactly(number, *whole)) || (large != nullptr && !is_exactly(number, *large)))
                fail("the conversion would lose precision");
        }
        return number;
    }

    template <class T, class Integer>
    static bool is_exactly(T number, Integer value) {
        // The largest integer may be rounded up to what no integer is.
        return number < static_cast<T>(std::numeric_limits<Integer>::max()) && static_cast<Integer>(number) == value;
    }

    template <class T>
    std::vector<T> read_vector(const boost::json::array& from) {
        std::vector<T> values;
        values.reserve(from.size());
        for (const boost::json::value& item : from) {
            values.push_back(within("[" + std::to_string(values.size()) + "]", [&] { return read<T>(item); }));
        }
        return values;
    }

    template <class T>
    std::map<std::string, T> read_map(const boost::json::object& from) {
        std::map<std::string, T> values;
        for (const auto& [key, item] : from) {
            const std::string name{key.data(), key.size()};
            values.emplace(name, within("." + name, [&] { return read<T>(item); }));
        }
        return values;
    }

    template <class T>
    T read_member(const boost::json::object& from, std::string_view name) {
        const boost::json::value* const found = from.if_contains({name.data(), name.size()});
        return within("." + std::string{name}, [&]() -> T {
            if (found != nullptr) return read<T>(*found);
            if constexpr (!is_optional<T>) fail("missing");
            return T{};
        });
    }

    template <class Read>
    auto within(const std::string& step, Read&& read) {
        const std::size_t size = path_.size();
        path_ += step;
        auto value = read();
        path_.resize(size);
        return value;
    }

    template <class Found>
    const Found* expect(const Found* found, std::string_view otherwise) {
        if (found == nullptr) fail(otherwise);
        return found;
    }

    [[noreturn]] void fail(std::string_view reason) const {
        field_.template fail<Root>(path_ + ": " + std::string{reason});
    }

    const field& field_;
    std::string path_ = "$";
};

template <json_member T>
boost::json::value to_json(const T& value) {
    if constexpr (json_scalar<T>) {
        return boost::json::value(value);
    } else if constexpr (is_optional<T>) {
        return value ? to_json(*value) : boost::json::value(nullptr);
    } else if constexpr (is_vector<T>) {
        boost::json::array array;
        array.reserve(value.size());
        for (const auto& item : value) array.push_back(to_json<typename T::value_type>(item));
        return array;
    } else if constexpr (is_string_map<T>) {
        boost::json::object object;
        for (const auto& [key, item] : value) object.emplace(key, to_json(item));
        return object;
    } else {
        boost::json::object object;
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (object.emplace(boost::json::string_view{member_names<T>[I].data(), member_names<T>[I].size()},
                            to_json(member<I>(value))),
             ...);
        }(std::make_index_sequence<member_count<T>>{});
        return object;
    }
}

}  // namespace detail

template <detail::json_struct T>
struct codec<T> : detail::jsonb_codec {
    static T decode(const field& f) { return detail::json_reader<T>{f}.template read<T>(detail::parse_json<T>(f)); }
    static void encode(const T& value, encoder& out) { write(detail::print_json(detail::to_json(value)), out); }
};

}  // namespace coropg
