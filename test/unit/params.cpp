#include <coropg/detail/values/params.hpp>
#include <coropg/types/types.hpp>

#include <boost/test/unit_test.hpp>

using namespace coropg;
using namespace coropg::detail;

BOOST_AUTO_TEST_SUITE(params_)

BOOST_AUTO_TEST_CASE(values_are_laid_out_for_libpq) {
    params p;
    p.add(7);
    p.add("text");
    p.add(std::optional<double>{});
    p.add(nullptr);
    p.add(true);
    param_arrays out;
    p.fill(out, 0, 5);
    BOOST_TEST(out.types == (std::vector<oid>{oids::int4, 0, oids::float8, 0, oids::boolean}),
               boost::test_tools::per_element());
    BOOST_TEST(out.lengths == (std::vector<int>{4, 4, 0, 0, 1}), boost::test_tools::per_element());
    BOOST_TEST(out.formats == (std::vector<int>{1, 0, 0, 0, 1}), boost::test_tools::per_element());
    BOOST_TEST((std::string_view{out.values[0], 4} == std::string_view{"\0\0\0\7", 4}));
    BOOST_TEST(std::string_view{out.values[1]} == "text");
    BOOST_TEST(out.values[2] == nullptr);
    BOOST_TEST(out.values[3] == nullptr);
}

BOOST_AUTO_TEST_CASE(an_empty_value_is_not_null) {
    params p;
    p.add("");
    p.add(std::vector<std::byte>{});
    param_arrays out;
    p.fill(out, 0, 2);
    BOOST_TEST(out.values[0] != nullptr);
    BOOST_TEST(out.lengths[0] == 0);
    BOOST_TEST(out.values[1] != nullptr);
    BOOST_TEST(out.lengths[1] == 0);
}

BOOST_AUTO_TEST_CASE(every_kind_of_text_is_text) {
    params p;
    const std::string string = "s";
    const char* pointer = "p";
    p.add(string);
    p.add(std::string_view{"v"});
    p.add(pointer);
    p.add("literal");
    param_arrays out;
    p.fill(out, 0, 4);
    for (std::size_t i = 0; i < 4; ++i) {
        BOOST_TEST(out.types[i] == 0U);
        BOOST_TEST(out.formats[i] == 0);
    }
    BOOST_TEST(std::string_view{out.values[3]} == "literal");
}

BOOST_AUTO_TEST_CASE(the_parameters_of_many_statements_stand_behind_one_another) {
    params p;
    std::vector<std::size_t> begins;
    for (int i = 0; i < 3; ++i) {
        begins.push_back(p.end());
        p.add(i);
        p.add(std::to_string(i));
    }
    param_arrays out;
    p.fill(out, begins[2], 2);
    BOOST_TEST(out.values[0][3] == 2);
    BOOST_TEST(std::string_view{out.values[1]} == "2");
    BOOST_TEST(p.types(begins[1], 2) == (std::vector<oid>{oids::int4, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(text_with_a_nul_byte_is_refused) {
    params p;
    BOOST_CHECK_THROW(p.add(std::string("a\0b", 3)), usage_error);
    BOOST_CHECK_THROW(p.add("a\0b"), usage_error);
    BOOST_CHECK_THROW(p.add(std::string_view("\0", 1)), usage_error);
    BOOST_CHECK_THROW(p.add(std::vector<std::string>{std::string("\0", 1)}), usage_error);
}

BOOST_AUTO_TEST_CASE(unsigned_integers_go_out_as_the_next_larger_type) {
    params p;
    p.add(std::uint16_t{65535});
    p.add(std::uint32_t{4'000'000'000});
    p.add(std::uint64_t{9'000'000'000'000'000'000});
    BOOST_CHECK_THROW(p.add(std::uint64_t{18'000'000'000'000'000'000U}), usage_error);
    BOOST_TEST(p.types(0, 3) == (std::vector<oid>{oids::int4, oids::int8, oids::int8}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
