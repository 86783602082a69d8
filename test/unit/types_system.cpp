// The types of the catalogs: numbers with a meaning of their own.
#include <coropg/types/system.hpp>

#include "types_support.hpp"

namespace {

using namespace types_test;
using namespace coropg;

}  // namespace

BOOST_AUTO_TEST_SUITE(types_system)

BOOST_AUTO_TEST_CASE(an_lsn_is_printed_in_two_halves) {
    const lsn value{0x16B374D848};
    BOOST_TEST((read_binary<lsn>("00000016b374d848", oids::pg_lsn) == value));
    BOOST_TEST((read_text<lsn>("16/B374D848", oids::pg_lsn) == value));
    BOOST_TEST(write_hex(value) == "00000016b374d848");
    BOOST_TEST(value.to_string() == "16/B374D848");
    BOOST_TEST(lsn{}.to_string() == "0/0");
    BOOST_TEST(lsn{~0ULL}.to_string() == "FFFFFFFF/FFFFFFFF");
    for (const char* bad : {"", "/", "16", "16/", "/16", "100000000/0", "0/100000000", "16/B374D848 ", "-1/0", "0x1/0"})
        BOOST_TEST_CONTEXT(bad) BOOST_CHECK_THROW(read_text<lsn>(bad, oids::pg_lsn), decode_error);
}

BOOST_AUTO_TEST_CASE(numbers_of_transactions_and_commands_read_and_write) {
    BOOST_TEST((read_binary<xid>("0000002a", oids::xid) == xid{42}));
    BOOST_TEST((read_text<xid>("4294967295", oids::xid) == xid{4294967295}));
    BOOST_TEST(write_hex(xid{42}) == "0000002a");
    BOOST_TEST((read_binary<xid8>("ffffffffffffffff", oids::xid8) == xid8{~0ULL}));
    BOOST_TEST((read_text<xid8>("18446744073709551615", oids::xid8) == xid8{~0ULL}));
    BOOST_TEST(write_hex(xid8{7}) == "0000000000000007");
    BOOST_TEST((read_binary<cid>("00000007", oids::cid) == cid{7}));
    BOOST_TEST((read_text<cid>("7", oids::cid) == cid{7}));
    BOOST_TEST(write_hex(cid{7}) == "00000007");
    BOOST_CHECK_THROW(read_binary<xid>("00002a", oids::xid), decode_error);
    for (const char* bad : {"", "-1", "4294967296", "7x", " 7"})
        BOOST_TEST_CONTEXT(bad) BOOST_CHECK_THROW(read_text<xid>(bad, oids::xid), decode_error);
}

BOOST_AUTO_TEST_CASE(a_tid_is_block_and_offset) {
    const tid value{4294967295, 65535};
    BOOST_TEST((read_binary<tid>("ffffffffffff", oids::tid) == value));
    BOOST_TEST((read_text<tid>("(4294967295,65535)", oids::tid) == value));
    BOOST_TEST(write_hex(tid{1, 2}) == "000000010002");
    BOOST_CHECK_THROW(read_binary<tid>("0000000100", oids::tid), decode_error);
    for (const char* bad : {"", "()", "(1)", "(1,)", "(1,2", "(1,65536)", "(4294967296,0)", "(1,2)x", "1,2"})
        BOOST_TEST_CONTEXT(bad) BOOST_CHECK_THROW(read_text<tid>(bad, oids::tid), decode_error);
}

BOOST_AUTO_TEST_CASE(a_refcursor_is_a_name) {
    BOOST_TEST((read_binary<refcursor>("6375", oids::refcursor) == refcursor{"cu"}));
    BOOST_TEST(write(refcursor{"cu"}) == "cu");
    BOOST_CHECK_THROW(write(refcursor{std::string{"a\0b", 3}}), usage_error);
}

BOOST_AUTO_TEST_CASE(references_to_objects_hold_an_oid) {
    BOOST_TEST((read_binary<regclass>("000004eb", oids::regclass) == regclass{1259}));
    BOOST_TEST((read_text<regclass>("4294967295", oids::regclass) == regclass{4294967295}));
    BOOST_TEST((read_text<regproc>("-", oids::regproc) == regproc{}));
    BOOST_TEST(write_hex(regtype{25}) == "00000019");
    BOOST_TEST((codec<regrole>::type.oid == oids::regrole && codec<regrole>::type.name == "regrole"));
    BOOST_CHECK_EXCEPTION(read_text<regclass>("pg_class", oids::regclass), decode_error, says("printed as a name"));
    BOOST_CHECK_EXCEPTION(read_text<regclass>("4294967296", oids::regclass), decode_error, says("range"));
    BOOST_CHECK_THROW(read_binary<regclass>("000004eb", oids::regtype), decode_error);
    BOOST_TEST((read_text<object_id>("26", oids::oid_) == object_id{26}));
    BOOST_TEST(write_hex(object_id{26}) == "0000001a");
}

BOOST_AUTO_TEST_CASE(vectors_of_the_catalogs_are_arrays_that_start_at_0) {
    BOOST_TEST((read_binary<int2vector>("000000010000000000000015000000020000000000000002000100000002fffe",
                                        oids::int2vector) == int2vector{{1, -2}}));
    BOOST_TEST((read_binary<int2vector>("0000000100000000000000150000000000000000", oids::int2vector) == int2vector{}));
    BOOST_TEST((read_text<int2vector>("1 -2", oids::int2vector) == int2vector{{1, -2}}));
    BOOST_TEST((read_text<int2vector>("", oids::int2vector) == int2vector{}));
    BOOST_TEST((read_binary<oidvector>(
                    "00000001000000000000001a0000000300000000000000040000000100000004000000020000000400000003",
                    oids::oidvector) == oidvector{{1, 2, 3}}));
    BOOST_TEST((read_text<oidvector>("1 2 4294967295", oids::oidvector) == oidvector{{1, 2, 4294967295}}));
    BOOST_TEST(write(int2vector{{1, -2}}) == "1 -2");
    BOOST_TEST(write(oidvector{}).empty());
    for (const char* bad : {" ", "1 ", " 1", "1  2", "1,2", "40000", "x"})
        BOOST_TEST_CONTEXT(bad) BOOST_CHECK_THROW(read_text<int2vector>(bad, oids::int2vector), decode_error);
    BOOST_CHECK_THROW(
        read_binary<int2vector>("000000010000000000000017000000010000000000000002000100", oids::int2vector),
        decode_error);
    BOOST_CHECK_EXCEPTION(read_binary<int2vector>("0000000100000001000000150000000100000000ffffffff", oids::int2vector),
                          decode_error, says("NULL"));
}

BOOST_AUTO_TEST_CASE(hostile_values_are_read_or_refused) {
    attack_both<lsn>("00000016b374d848", "16/B374D848", oids::pg_lsn);
    attack_both<xid>("0000002a", "42", oids::xid);
    attack_both<tid>("ffffffffffff", "(4294967295,65535)", oids::tid);
    attack_both<regclass>("000004eb", "1259", oids::regclass);
    attack_both<int2vector>("000000010000000000000015000000020000000000000002000100000002fffe", "1 -2",
                            oids::int2vector);
}

BOOST_AUTO_TEST_SUITE_END()
