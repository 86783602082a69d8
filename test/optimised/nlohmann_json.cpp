#include <coropg/types/nlohmann_json.hpp>

#include "fetched.hpp"

using namespace coropg;
using namespace coropg::test;

template <>
struct coropg::test::sample<nlohmann::json> {
    static nlohmann::json make(source& from) {
        return {{"number", from.number<std::int32_t>()}, {"list", {1, nullptr, "two", true}}, {"nothing", nullptr}};
    }
    static std::string print(const nlohmann::json& value) { return value.dump(); }
};

BOOST_AUTO_TEST_SUITE(optimised_nlohmann_json)

BOOST_AUTO_TEST_CASE(nlohmann_json_types_are_fetched) {
    reader_of_all reader;
    reader.fetch<nlohmann::json>("json");
    reader.fetch<nlohmann::json>("jsonb");
}

BOOST_AUTO_TEST_SUITE_END()
