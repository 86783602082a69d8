// Dense, half and sparse vectors in and out. Golden bytes are those of pgvector 0.8.
#include <coropg/types/pgvector.hpp>
#include <coropg/types/types.hpp>

#include "types_support.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace types_test;
using coropg::codec;
using coropg::decode_error;
using coropg::halfvec;
using coropg::sparsevec;
using coropg::usage_error;

constexpr oid vector_type = 16400;

constexpr std::string_view dense = "000300003f800000c020000000000000";
constexpr std::string_view half = "000700003c00c10000007bff03ff00012e66";
constexpr std::string_view sparse = "00000005000000020000000000000000000000023fc00000c0000000";

}  // namespace

BOOST_AUTO_TEST_SUITE(types_pgvector)

BOOST_AUTO_TEST_CASE(dense_vectors_read_and_write) {
    const coropg::vector value{{1, -2.5F, 0}};
    BOOST_TEST((read_binary<coropg::vector>(dense, vector_type) == value));
    BOOST_TEST((read_text<coropg::vector>("[1,-2.5,0]", vector_type) == value));
    BOOST_TEST(write_hex(value) == dense);
    const coropg::vector limits{{std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::max()}};
    BOOST_TEST((read_binary<coropg::vector>("00020000000000017f7fffff", vector_type) == limits));
    BOOST_TEST((read_text<coropg::vector>("[1e-45,3.4028235e+38]", vector_type) == limits));
    BOOST_TEST(codec<coropg::vector>::type.name == "vector");
    BOOST_TEST(codec<std::vector<coropg::vector>>::type.name == "vector[]");
}

BOOST_AUTO_TEST_CASE(half_vectors_are_rounded_on_their_way_out) {
    const halfvec value{{1, -2.5F, 0, 65504, 0x1.ff8p-15F, 0x1p-24F, 0x1.998p-4F}};
    BOOST_TEST((read_binary<halfvec>(half, vector_type) == value));
    BOOST_TEST((read_text<halfvec>("[1,-2.5,0,65504,6.097555e-05,5.9604645e-08,0.099975586]", vector_type) == value));
    BOOST_TEST(write_hex(value) == half);
    BOOST_TEST(write_hex(halfvec{{1, -2.5F, 0, 65519, 6.1e-05F, 5.96e-08F, 0.1F}}) == half);
    // Ties go to the even number: below and above 1 + 2^-10, at half of the smallest number, and up into a new exponent.
    BOOST_TEST(write_hex(halfvec{{0x1.002p0F, 0x1.006p0F, 0x1p-25F, 0x1.8p-25F, 0x1.ffep0F, -0.0F}}) ==
               "000600003c003c0200000001"
               "40008000");
    for (unsigned bits = 0; bits < 0x7C00U; ++bits) {
        const std::string all{'\0', '\1', '\0', '\0', static_cast<char>(bits >> 8U), static_cast<char>(bits & 0xFFU)};
        if (write(read<halfvec>(all, vector_type, format::binary)) != all) BOOST_ERROR("not the same: " << to_hex(all));
    }
}

BOOST_AUTO_TEST_CASE(sparse_vectors_read_and_write) {
    const sparsevec value{5, {{0, 1.5F}, {2, -2}}};
    BOOST_TEST((read_binary<sparsevec>(sparse, vector_type) == value));
    BOOST_TEST((read_text<sparsevec>("{1:1.5,3:-2}/5", vector_type) == value));
    BOOST_TEST(write_hex(value) == sparse);
    const sparsevec zeros{3, {}};
    BOOST_TEST((read_binary<sparsevec>("000000030000000000000000", vector_type) == zeros));
    BOOST_TEST((read_text<sparsevec>("{}/3", vector_type) == zeros));
    BOOST_TEST(write_hex(zeros) == "000000030000000000000000");
}

BOOST_AUTO_TEST_CASE(what_pgvector_cannot_hold_is_refused) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    BOOST_CHECK_THROW(write(coropg::vector{}), usage_error);
    BOOST_CHECK_THROW(write(coropg::vector{std::vector<float>(16001)}), usage_error);
    BOOST_CHECK_THROW(write(coropg::vector{{infinity}}), usage_error);
    BOOST_CHECK_THROW(write(coropg::vector{{std::nanf("")}}), usage_error);
    BOOST_CHECK_EXCEPTION(write(halfvec{{65520}}), usage_error, says("range"));
    BOOST_CHECK_THROW(write(halfvec{{-1e30F}}), usage_error);
    BOOST_CHECK_THROW(write(halfvec{{infinity}}), usage_error);
    BOOST_CHECK_THROW(write(sparsevec{}), usage_error);
    BOOST_CHECK_THROW(write(sparsevec{1'000'000'001, {}}), usage_error);
    BOOST_CHECK_THROW(write(sparsevec{5, {{5, 1}}}), usage_error);
    BOOST_CHECK_THROW(write(sparsevec{5, {{-1, 1}}}), usage_error);
    BOOST_CHECK_THROW(write(sparsevec{5, {{2, 1}, {1, 1}}}), usage_error);
    BOOST_CHECK_THROW(write(sparsevec{5, {{2, 1}, {2, 1}}}), usage_error);
    BOOST_CHECK_THROW(write(sparsevec{5, {{2, 0}}}), usage_error);
    BOOST_CHECK_THROW(write(sparsevec{5, {{2, infinity}}}), usage_error);
}

BOOST_AUTO_TEST_CASE(malformed_vectors_are_refused) {
    for (const std::string_view hex : {"", "000100", "00010000", "000100003f8000", "000100003f80000000", "ffff0000"}) {
        BOOST_TEST_CONTEXT(hex)
        BOOST_CHECK_THROW(read_binary<coropg::vector>(hex, vector_type), decode_error);
        BOOST_CHECK_THROW(read_binary<halfvec>(hex, vector_type), decode_error);
    }
    for (const char* const text : {"", "[", "[1", "1]", "[1,]", "[,1]", "[1,,2]", "[x]", "{1}", "[1]2"}) {
        BOOST_TEST_CONTEXT(text)
        BOOST_CHECK_THROW(read_text<coropg::vector>(text, vector_type), decode_error);
    }
    for (const std::string_view hex :
         {"", "0000000500000000000000", "000000050000000100000000", "00000005ffffffff00000000",
          "0000000500000001000000000000000"
          "53f800000",
          "000000050000000100000000ffffffff3f800000",
          "000000050000000200000000"
          "0000000200000001"
          "3f8000003f800000"}) {
        BOOST_TEST_CONTEXT(hex)
        BOOST_CHECK_THROW(read_binary<sparsevec>(hex, vector_type), decode_error);
    }
    for (const char* const text : {"", "{}", "{}/", "/3", "{1}/3", "{1:}/3", "{:1}/3", "{0:1}/3", "{4:1}/3",
                                   "{2:1,1:1}/3", "{1:1,}/3", "{}/x", "{-2147483648:1}/3"}) {
        BOOST_TEST_CONTEXT(text)
        BOOST_CHECK_THROW(read_text<sparsevec>(text, vector_type), decode_error);
    }
}

BOOST_AUTO_TEST_CASE(hostile_vectors_are_read_or_refused) {
    attack_both<coropg::vector>(dense, "[1,-2.5,0]", vector_type);
    attack_both<halfvec>(half, "[1,-2.5,0]", vector_type);
    attack_both<sparsevec>(sparse, "{1:1.5,3:-2}/5", vector_type);
}

BOOST_AUTO_TEST_SUITE_END()
