// Which failed tries to connect would fail again.
#include "../../src/attempts.hpp"

#include <boost/test/unit_test.hpp>

using coropg::connect_attempt;
using coropg::detail::is_lasting;

BOOST_AUTO_TEST_SUITE(attempts)

BOOST_AUTO_TEST_CASE(what_lasts_and_what_passes) {
    struct row {
        const char* sqlstate;
        const char* reason;
        bool lasts;
    };
    constexpr row rows[]{
        {"28P01", "FATAL: password authentication failed for user \"u\"", true},
        {"28000", "FATAL: no pg_hba.conf entry for host \"h\"", true},
        {"3D000", "FATAL: database \"d\" does not exist", true},
        {"42501", "FATAL: permission denied for database \"d\"", true},
        {"42704", "FATAL: unrecognized configuration parameter \"x\"", true},
        {"22023", "FATAL: invalid value for parameter \"work_mem\": \"x\"", true},
        {"55000", "FATAL: database \"d\" is not currently accepting connections", true},
        {"0A000", "FATAL: unsupported frontend protocol", true},
        {"53300", "FATAL: sorry, too many clients already", false},
        {"57P03", "FATAL: the database system is starting up", false},
        {"57P01", "FATAL: terminating connection due to administrator command", false},
        {"08P01", "FATAL: no such database: d", true},
        {"08P01", "FATAL: password authentication failed", true},
        {"08P01", "FATAL: SASL authentication failed", true},
        {"08P01", "FATAL: unsupported startup parameter: extra_float_digits", true},
        {"08P01", "FATAL: no more connections allowed (max_client_conn)", false},
        {"08P01", "FATAL: pgbouncer cannot connect to server", false},
        {"08P01", "FATAL: query_wait_timeout", false},
        {"", "fe_sendauth: no password supplied", true},
        {"", "host name must be specified for a verified SSL connection", true},
        {"", "Unix-domain socket path \"/x\" is too long (maximum 107 bytes)", true},
        {"55P02", "parameter \"shared_buffers\" cannot be changed without restarting the server", true},
        {"",
         "connection to server at \"h\", port 1 failed: invalid integer value \"a\" for connection option \"keepalives\"",
         true},
        {"", "could not parse network address \"notanaddr\": Name or service not known", true},
        {"",
         "connection to server on socket \"/s\" failed: requirepeer specifies \"a\", but actual peer user name is \"b\"",
         true},
        {"", "connection to server at \"h\", port 1 failed: GSSAPI encryption required but was impossible", true},
        {"", "connection to server at \"h\" (10.0.0.1), port 5432 failed: fe_sendauth: no password supplied", true},
        {"", "connection to server at \"h\", port 1 failed: server does not support SSL, but SSL was required", true},
        {"", "connection to server at \"h\", port 1 failed: SSL error: certificate verify failed", true},
        {"", "connection to server at \"h\", port 1 failed: SSL error: unexpected eof while reading", false},
        {"", "connection to server at \"h\", port 1 failed: received invalid response to SSL negotiation: x", false},
        {"", "connection to server at \"h\", port 1 failed: Connection refused", false},
        {"", "connection to server at \"h\", port 1 failed: session is read-only", false},
        {"", "invalid sslmode value: \"sometimes\"", true},
        {"", "sslmode value \"require\" invalid when SSL support is not compiled in", true},
        {"", "definition of service \"nowhere\" not found", true},
        {"", "cannot resolve the name: Name or service not known", false},
        {"", "no answer within connect_timeout", false},
        {"", "", false},
    };
    for (const row& r : rows)
        BOOST_TEST(is_lasting(connect_attempt{"h", {}, "1", r.sqlstate, r.reason, {}}) == r.lasts, r.reason);
}

BOOST_AUTO_TEST_SUITE_END()
