// The op that connects, driven by hand.
#include <coropg/detail/ops/ops.hpp>

#include <boost/test/unit_test.hpp>

#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

using namespace coropg;
using namespace coropg::detail;

namespace {

/// Where the name "db.example" is at the moment; without an address there is no descriptor left to look it up by.
std::string address_of_example;

}  // namespace

/// In place of the system's, for this program.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
    using signature = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto real = reinterpret_cast<signature>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    const bool is_example = host != nullptr && host == std::string_view{"db.example"};
    if (is_example && address_of_example.empty()) {
        errno = EMFILE;
        return EAI_SYSTEM;
    }
    return real(is_example ? address_of_example.c_str() : host, service, hints, found);
}

namespace {

/// Connects while "db.example" is at `address`, where nothing listens, and returns what was tried.
connect_attempt tried(const std::string& address) {
    address_of_example = address;
    op<pq::connection> work = ops::connect(conninfo{"host=db.example port=1 user=x dbname=x"});
    while (const std::optional<wish> w = work.resume()) {
        pollfd entry{w->socket, static_cast<short>(has(w->readiness, want::write) ? POLLOUT : POLLIN), 0};
        BOOST_REQUIRE(::poll(&entry, 1, -1) == 1);
    }
    try {
        work.take();
    } catch (const connection_error& e) {
        BOOST_REQUIRE(e.attempts().size() == 1U);
        return e.attempts()[0];
    }
    BOOST_FAIL("something listens on port 1");
    return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connect_op)

BOOST_AUTO_TEST_CASE(names_are_looked_up_anew_at_each_connect) {
    BOOST_TEST(tried("127.0.0.1").address == "127.0.0.1");
    BOOST_TEST(tried("127.0.0.2").address == "127.0.0.2");
}

BOOST_AUTO_TEST_CASE(what_the_system_lacks_for_a_lookup_is_said) {
    const std::string lacking = std::generic_category().message(EMFILE);
    BOOST_TEST(tried("").reason == "cannot resolve the name: " + lacking);
}

BOOST_AUTO_TEST_CASE(an_error_at_connect_time_is_taken_apart_in_any_language) {
    using parts = std::pair<std::string, std::string>;
    const std::string head = "connection to server at \"127.0.0.1\", port 1 failed: FATAL:  ";
    for (const std::string_view location :
         {"LOCATION:  auth_failed, auth.c:334", "ORT:  auth_failed, auth.c:334",
          "EMPLACEMENT : auth_failed, auth.c : 334", "EMPLACEMENT\u00a0: auth_failed, auth.c\u00a0: 334"})
        BOOST_TEST((pq::parse_verbose(head + "28P01: no such user\n" + std::string{location} + "\n") ==
                    parts{"28P01", head + "no such user"}),
                   location);
    BOOST_TEST((pq::parse_verbose("FATAL:  3D000: no database \"x\"\nDETAIL:  There is a, b.c:\t1\nHINT:  Try.\n") ==
                parts{"3D000", "FATAL:  no database \"x\" DETAIL:  There is a, b.c: 1 HINT:  Try."}));
    BOOST_TEST((pq::parse_verbose("could not translate host name\n") == parts{"", "could not translate host name"}));
}

BOOST_AUTO_TEST_SUITE_END()
