// Types whose OIDs each database has its own of: an enum, a composite, hstore; `create_named_types` makes the first two.
// And what stands for another type: strong typedefs and variants.
#pragma once

#include "array.hpp"
#include "chrono.hpp"
#include "numbers.hpp"
#include "text.hpp"

#include <coropg/types/composite.hpp>
#include <coropg/types/enum.hpp>
#include <coropg/types/hstore.hpp>
#include <coropg/types/strong.hpp>
#include <coropg/types/variant.hpp>

namespace coropg::test {

inline constexpr char create_named_types[] = R"(
    CREATE TYPE pg_temp.sampled_mood AS ENUM ('sad', 'ok', 'happy');
    CREATE TYPE pg_temp.sampled_person AS (name text, mood pg_temp.sampled_mood, height float8, scores int4[],
                                           born date);
)";

enum class mood { sad, ok, happy };

struct person {
    std::string name;
    std::optional<test::mood> mood;
    std::optional<double> height;
    std::vector<std::int32_t> scores;
    std::optional<std::chrono::sys_days> born;
};

struct user_id {
    std::int64_t value;
};

}  // namespace coropg::test

template <>
struct coropg::codec<coropg::test::user_id> : coropg::strong_codec<coropg::test::user_id> {};
template <>
struct coropg::codec<coropg::test::mood> : coropg::enum_codec<coropg::test::mood, "sampled_mood"> {};
template <>
struct coropg::codec<coropg::test::person> : coropg::composite_codec<coropg::test::person, "sampled_person"> {};

namespace coropg::test {

template <>
struct sample<mood> {
    static mood make(source& from) { return static_cast<mood>(from.below(3)); }
    static std::string print(mood value) { return text(value); }
    static std::string text(mood value) {
        switch (value) {
            case mood::sad: return "sad";
            case mood::ok: return "ok";
            case mood::happy: return "happy";
        }
        return "none";
    }
};

template <>
struct sample<person> {
    static person make(source& from) {
        person value;
        value.name = sample<std::string>::make(from);
        value.mood = sample<std::optional<mood>>::make(from);
        value.height = sample<std::optional<double>>::make(from);
        value.scores = sample<std::vector<std::int32_t>>::make(from);
        value.born = sample<std::optional<std::chrono::sys_days>>::make(from);
        return value;
    }
    static std::string print(const person& value) {
        return "(" + sample<std::string>::print(value.name) + "," + sample<std::optional<mood>>::print(value.mood) +
               "," + sample<std::optional<double>>::print(value.height) + "," +
               sample<std::vector<std::int32_t>>::print(value.scores) + "," +
               sample<std::optional<std::chrono::sys_days>>::print(value.born) + ")";
    }
};

template <>
struct sample<hstore> {
    static hstore make(source& from) {
        hstore value;
        for (std::uint64_t left = from.below(5); left > 0; --left) {
            std::string key = sample<std::string>::make(from);
            value[std::move(key)] = sample<std::optional<std::string>>::make(from);
        }
        return value;
    }
    static std::string print(const hstore& value) {
        std::string text;
        for (const auto& [key, item] : value)
            text += (text.empty() ? "" : ",") + sample<std::string>::print(key) + "=" +
                    sample<std::optional<std::string>>::print(item);
        return "{" + text + "}";
    }
};

template <>
struct sample<user_id> {
    static user_id make(source& from) { return {from.number<std::int64_t>()}; }
    static std::string print(user_id value) { return std::to_string(value.value); }
    static std::string text(user_id value) { return print(value); }
};

/// By the type that it is read from, only the first alternative can come back.
template <class T, class... Others>
struct sample<std::variant<T, Others...>> {
    using variant = std::variant<T, Others...>;

    static variant make(source& from) { return sample<T>::make(from); }
    static std::string print(const variant& value) {
        return std::visit([]<class Held>(const Held& held) { return sample<Held>::print(held); }, value);
    }
};

}  // namespace coropg::test
