// uuid in and out.
#include <coropg/types/uuid.hpp>

#include "types_support.hpp"

#include <boost/uuid/string_generator.hpp>

namespace {

using namespace types_test;
using boost::uuids::uuid;
using coropg::decode_error;
namespace oids = coropg::oids;

constexpr std::string_view hex = "00112233445566778899aabbccddeeff";
constexpr std::string_view text = "00112233-4455-6677-8899-aabbccddeeff";

uuid expected() { return boost::uuids::string_generator{}(text.begin(), text.end()); }

}  // namespace

BOOST_AUTO_TEST_SUITE(types_uuid)

BOOST_AUTO_TEST_CASE(a_uuid_reads_from_both_formats) {
    BOOST_TEST((read_binary<uuid>(hex, oids::uuid) == expected()));
    BOOST_TEST((read_text<uuid>(text, oids::uuid) == expected()));
    BOOST_TEST((read_text<uuid>("00112233-4455-6677-8899-AABBCCDDEEFF", oids::uuid) == expected()));
}

BOOST_AUTO_TEST_CASE(a_uuid_goes_out_in_binary) {
    BOOST_TEST(write_hex(expected()) == hex);
    BOOST_TEST(coropg::codec<uuid>::type.oid == 2950U);
    BOOST_TEST(coropg::codec<uuid>::type.array_oid == 2951U);
}

BOOST_AUTO_TEST_CASE(what_is_no_uuid_is_refused) {
    BOOST_CHECK_EXCEPTION(read_binary<uuid>("0011", oids::uuid), decode_error, says("unexpected length 2"));
    for (const char* const wrong : {"", "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeef",
                                    "00112233-4455-6677-8899-aabbccddeeffa", "g0112233-4455-6677-8899-aabbccddeeff",
                                    "001122334-455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-aabbccddee-f"}) {
        BOOST_CHECK_EXCEPTION(read_text<uuid>(wrong, oids::uuid), decode_error, says("not a uuid"));
    }
    BOOST_CHECK_THROW(read_text<uuid>(text, oids::text), decode_error);
}

BOOST_AUTO_TEST_CASE(hostile_uuids_are_read_or_refused) { attack_both<uuid>(hex, text, oids::uuid); }

BOOST_AUTO_TEST_SUITE_END()
