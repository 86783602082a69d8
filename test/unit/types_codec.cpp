// What a codec tells of a value it cannot read, and what an encoder refuses to write.
#include <coropg/detail/values/pg_types.hpp>
#include <coropg/types/types.hpp>

#include "types_support.hpp"

#include <libpq-fe.h>

#include <bit>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace types_test;
using coropg::decode_error;
using coropg::null_error;
namespace oids = coropg::oids;

// A result of one column, made without a server.
class one_column {
 public:
    one_column(std::string name, oid type)
        : name_{std::move(name)}, result_{PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK), PQclear} {
        PGresAttDesc column{name_.data(), 0, 0, 1, type, -1, -1};
        PQsetResultAttrs(result_.get(), 1, &column);
    }

    [[nodiscard]] field at(int row, std::string_view bytes) const {
        return {bytes, PQftype(result_.get(), 0), format::binary, {result_.get(), row, 0}};
    }

 private:
    std::string name_;
    std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

template <class Error, class Call>
std::string message(Call&& call) {
    try {
        call();
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(types_codec)

BOOST_AUTO_TEST_CASE(an_error_names_column_types_reason_and_row) {
    const one_column result{"age", oids::int4};
    const std::string bytes = from_hex("00011170");
    BOOST_TEST(message<decode_error>([&] { coropg::detail::decode<short>(result.at(2, bytes)); }) ==
               "column \"age\" (int4) cannot be read as short: value out of range; ask for std::int32_t, row 3");
}

BOOST_AUTO_TEST_CASE(a_mismatch_says_that_no_codec_reads_the_type) {
    const one_column result{"x", 600};
    BOOST_TEST(message<decode_error>([&] { coropg::detail::decode<int>(result.at(0, "")); }) ==
               "column \"x\" (point) cannot be read as int: no codec<int> reads that type");
}

BOOST_AUTO_TEST_CASE(a_null_names_its_row_and_the_remedy) {
    const one_column result{"age", oids::int4};
    BOOST_TEST(message<null_error>([&] { result.at(0, "").null<int>(); }) ==
               "column \"age\" (int4) cannot be read as int: the value is NULL; ask for std::optional<int>, row 1");
}

BOOST_AUTO_TEST_CASE(a_value_outside_a_result_has_only_its_type) {
    BOOST_TEST(message<decode_error>([] { read_binary<int>("00", oids::int4); }) ==
               "int4 cannot be read as int: unexpected length 1");
}

BOOST_AUTO_TEST_CASE(a_type_that_is_not_built_in_is_named_by_its_number) {
    BOOST_TEST(message<decode_error>([] { read_binary<int>("00", 16388); }) ==
               "type 16388 cannot be read as int: no codec<int> reads that type");
}

BOOST_AUTO_TEST_CASE(the_types_of_the_standard_library_have_the_names_of_their_users) {
    BOOST_TEST(
        message<decode_error>([] { read_binary<std::string>("00", oids::int4); }) ==
        "int4 cannot be read as std::string: no codec<std::string> reads that type; cast it in the SQL, ::text, or "
        "read it as std::int32_t");
    BOOST_TEST(
        message<decode_error>([] { read_binary<std::string_view>("00", oids::int4); }) ==
        "int4 cannot be read as std::string_view: no codec<std::string_view> reads that type; cast it in the SQL, "
        "::text, or read it as std::int32_t");
    BOOST_TEST(
        message<decode_error>([] { read_binary<std::vector<std::string>>("00", oids::int4); }) ==
        "int4 cannot be read as std::vector<std::string>: no codec<std::vector<std::string>> reads that type; it is "
        "no array");
}

/// What the error says of a column of that type behind the types.
template <class T>
std::string advice_for(coropg::oid type) {
    const std::string told = message<decode_error>([&] { read_binary<T>("00", type); });
    const std::size_t at = told.find("reads that type; ");
    return at == std::string::npos ? "none" : told.substr(at + 17);
}

BOOST_AUTO_TEST_CASE(a_mismatch_says_how_the_column_is_read) {
    constexpr coropg::oid numerics = 1231;
    constexpr coropg::oid uuids = 2951;
    BOOST_TEST(advice_for<double>(oids::numeric) == "cast it in the SQL, ::float8, or read it as coropg::numeric");
    BOOST_TEST(advice_for<float>(oids::float8) == "cast it in the SQL, ::float4, or read it as double");
    BOOST_TEST(advice_for<std::int64_t>(oids::numeric) == "cast it in the SQL, ::int8, or read it as coropg::numeric");
    BOOST_TEST(advice_for<int>(oids::float8) == "cast it in the SQL, ::int4, or read it as double");
    BOOST_TEST(advice_for<double>(oids::int4) == "cast it in the SQL, ::float8, or read it as std::int32_t");
    BOOST_TEST(advice_for<std::string>(oids::uuid) == "cast it in the SQL, ::text, or read it as boost::uuids::uuid");
    BOOST_TEST(advice_for<std::string>(oids::date) ==
               "cast it in the SQL, ::text, or read it as std::chrono::year_month_day");
    BOOST_TEST(advice_for<std::string>(oids::timestamptz) ==
               "cast it in the SQL, ::text, or read it as std::chrono::sys_time<std::chrono::microseconds>");
    BOOST_TEST(advice_for<std::string>(oids::timestamp) ==
               "cast it in the SQL, ::text, or read it as std::chrono::local_time<std::chrono::microseconds>");
    BOOST_TEST(advice_for<int>(oids::date) == "read it as std::chrono::year_month_day");
    BOOST_TEST(advice_for<int>(oids::text) == "read it as std::string");
    BOOST_TEST(advice_for<std::vector<double>>(numerics) ==
               "cast it in the SQL, ::float8[], or read its elements as coropg::numeric");
    BOOST_TEST(advice_for<std::vector<std::optional<std::string>>>(uuids) ==
               "cast it in the SQL, ::text[], or read its elements as boost::uuids::uuid");
    BOOST_TEST(advice_for<double>(numerics) == "it is an array, which std::vector reads");
    BOOST_TEST(advice_for<bool>(oids::jsonb).starts_with("its text is read by std::string, its content by a type"));
    BOOST_TEST(advice_for<int>(600) == "none");
}

BOOST_AUTO_TEST_CASE(built_in_types_and_their_arrays_have_names) {
    using coropg::detail::builtin_type_name;
    BOOST_TEST(builtin_type_name(16) == "bool");
    BOOST_TEST(builtin_type_name(1009) == "text[]");
    BOOST_TEST(builtin_type_name(3807) == "jsonb[]");
    BOOST_TEST(builtin_type_name(6157) == "int8multirange[]");
    BOOST_TEST(builtin_type_name(0).empty());
    BOOST_TEST(builtin_type_name(16384).empty());
    for (const auto& [array, element] : coropg::detail::builtin_arrays) {
        BOOST_TEST(!builtin_type_name(element).empty());
        BOOST_TEST(builtin_type_name(array) == builtin_type_name(element) + "[]");
        BOOST_TEST(coropg::detail::element_of(array) == element);
    }
    BOOST_TEST(coropg::detail::element_of(1006) == 0U);
}

BOOST_AUTO_TEST_CASE(a_sized_part_stands_behind_its_length) {
    std::vector<char> bytes{'x'};
    coropg::encoder out{bytes};
    out.sized([&] {
        out.text("ab");
        out.sized([] {});
    });
    BOOST_TEST(to_hex({bytes.data(), bytes.size()}) == "7800000006616200000000");
}

BOOST_AUTO_TEST_CASE(numbers_are_in_network_order_on_machines_of_either_order) {
    using coropg::detail::in_network_order;
    constexpr auto big = std::endian::big;
    constexpr auto little = std::endian::little;
    BOOST_TEST(in_network_order<big>(std::uint8_t{1}) == 1);
    BOOST_TEST(in_network_order<little>(std::uint8_t{1}) == 1);
    BOOST_TEST(in_network_order<big>(std::uint16_t{0x0102}) == 0x0102);
    BOOST_TEST(in_network_order<little>(std::uint16_t{0x0102}) == 0x0201);
    BOOST_TEST(in_network_order<big>(std::uint32_t{0x01020304}) == 0x01020304U);
    BOOST_TEST(in_network_order<little>(std::uint32_t{0x01020304}) == 0x04030201U);
    BOOST_TEST(in_network_order<big>(std::uint64_t{0x0102030405060708}) == 0x0102030405060708U);
    BOOST_TEST(in_network_order<little>(std::uint64_t{0x0102030405060708}) == 0x0807060504030201U);

    BOOST_TEST(write_hex(std::int16_t{0x0102}) == "0102");
    BOOST_TEST(write_hex(std::int32_t{42}) == "0000002a");
    BOOST_TEST(write_hex(std::int64_t{-2}) == "fffffffffffffffe");
    BOOST_TEST(write_hex(1.5F) == "3fc00000");
    BOOST_TEST(write_hex(-2.0) == "c000000000000000");
    BOOST_TEST(read_binary<std::int16_t>("0102", oids::int2) == 0x0102);
    BOOST_TEST(read_binary<std::int32_t>("0000002a", oids::int4) == 42);
    BOOST_TEST(read_binary<std::int64_t>("fffffffffffffffe", oids::int8) == -2);
    BOOST_TEST(read_binary<float>("3fc00000", oids::float4) == 1.5F);
    BOOST_TEST(read_binary<double>("c000000000000000", oids::float8) == -2.0);
}

// The x87 makes signalling NaNs quiet, and so changes what is only taken for one: the bytes of a float turned round.
BOOST_AUTO_TEST_CASE(a_float_whose_bytes_turned_round_are_a_signalling_nan_goes_out_as_it_is) {
    for (std::uint32_t tail = 0x807F; tail <= 0xBF7F; tail += 0x100) {
        const std::uint32_t bits = 0x3F810000U | tail;
        BOOST_TEST(write(std::bit_cast<float>(bits)) == write(static_cast<std::int32_t>(bits)));
        BOOST_TEST(read<float>(write(static_cast<std::int32_t>(bits)), oids::float4, format::binary) ==
                   std::bit_cast<float>(bits));
    }
    for (std::uint64_t tail = 0xF07F; tail <= 0xF77F; tail += 0x100) {
        const std::uint64_t bits = 0x3FF1000000010000U | tail;
        BOOST_TEST(write(std::bit_cast<double>(bits)) == write(static_cast<std::int64_t>(bits)));
        BOOST_TEST(read<double>(write(static_cast<std::int64_t>(bits)), oids::float8, format::binary) ==
                   std::bit_cast<double>(bits));
    }
}

BOOST_AUTO_TEST_CASE(narrow_and_special_floats_read_from_text) {
    BOOST_TEST(read_text<float>("1e-45", oids::float4) == std::numeric_limits<float>::denorm_min());
    BOOST_TEST(read_text<double>("5e-324", oids::float8) == std::numeric_limits<double>::denorm_min());
    BOOST_TEST(read_text<double>("-Infinity", oids::float8) == -std::numeric_limits<double>::infinity());
    BOOST_TEST(read_text<double>("1.7976931348623157e+308", oids::float8) == std::numeric_limits<double>::max());
    const double nan = read_text<double>("NaN", oids::float8);
    BOOST_TEST((nan != nan));
}

BOOST_AUTO_TEST_SUITE_END()
