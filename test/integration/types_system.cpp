// The types of the catalogs, C++ -> server -> C++ in both formats.
#include <coropg/types/system.hpp>

#include "../support/round_trip.hpp"

using namespace coropg;
using namespace coropg::test;

BOOST_AUTO_TEST_SUITE(types_system)

BOOST_AUTO_TEST_CASE_TEMPLATE(numbers_of_the_system_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const std::uint64_t v : {std::uint64_t{0}, std::uint64_t{0x16B374D848}, ~std::uint64_t{0}}) {
        goes_round(face, conn, "pg_lsn", lsn{v});
        goes_round(face, conn, "xid8", xid8{v});
    }
    for (const std::uint32_t v : {0U, 42U, 4294967295U}) {
        goes_round(face, conn, "xid", xid{v});
        goes_round(face, conn, "cid", cid{v});
        goes_round(face, conn, "oid", object_id{v});
    }
    goes_round(face, conn, "tid", tid{4294967295, 65535});
    BOOST_TEST(reads<tid>(face, conn, "ctid FROM pg_class LIMIT 1").offset > 0);
    BOOST_TEST(reads<xid>(face, conn, "xmin FROM pg_class LIMIT 1").value > 0U);
    const lsn here = reads<lsn>(face, conn, "pg_current_wal_lsn()");
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT $1::text", here)) == here.to_string());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_object_id_is_an_oid_parameter, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    BOOST_TEST(AWAIT(conn.template fetch_one<std::string>("SELECT pg_typeof($1)::text", object_id{1259})) == "oid");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_refcursor_goes_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    goes_round(face, conn, "refcursor", refcursor{"some \"cursor\", with all"});
}

template <class T, class Face, class Connection>
void refers(Face& face, Connection& conn, const std::string& literal) {
    BOOST_TEST_CONTEXT(literal) {
        const T value = reads<T>(face, conn, literal);
        BOOST_TEST(value.value != 0U);
        BOOST_TEST(AWAIT(conn.template fetch_one<bool>(unchecked_sql("SELECT $1 = " + literal), value)));
        const std::string name{codec<T>::type.name};
        goes_round(face, conn, name, T{4294967295});
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(references_to_objects_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    refers<regclass>(face, conn, "'pg_class'::regclass");
    refers<regproc>(face, conn, "'now'::regproc");
    refers<regprocedure>(face, conn, "'abs(int4)'::regprocedure");
    refers<regoper>(face, conn, "'||/'::regoper");
    refers<regoperator>(face, conn, "'+(int4,int4)'::regoperator");
    refers<regtype>(face, conn, "'text'::regtype");
    refers<regrole>(face, conn, "current_user::regrole");
    refers<regnamespace>(face, conn, "'pg_catalog'::regnamespace");
    refers<regconfig>(face, conn, "'english'::regconfig");
    refers<regdictionary>(face, conn, "'simple'::regdictionary");
    refers<regcollation>(face, conn, "'\"C\"'::regcollation");
    BOOST_TEST((reads<regclass>(face, conn, "0::regclass") == regclass{}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(vectors_of_the_catalogs_go_round, Face, both_faces) {
    Face face;
    auto conn = face.connect();
    for (const int2vector& v : {int2vector{}, int2vector{{1}}, int2vector{{-32768, 0, 32767}}})
        goes_round_alone(face, conn, "int2vector", v);
    for (const oidvector& v : {oidvector{}, oidvector{{4294967295}}, oidvector{{1, 2, 3}}})
        goes_round_alone(face, conn, "oidvector", v);
    BOOST_TEST(!reads<int2vector>(face, conn, "indkey FROM pg_index LIMIT 1").values.empty());
}

BOOST_AUTO_TEST_SUITE_END()
