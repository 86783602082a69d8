// A test case that cannot run here. ctest shows a suite as skipped when all of its cases are, and scripts/test lists
// each case with its reason.
#pragma once

#include "skip_list.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

namespace coropg::test {

/// The names of the cases that were skipped; main.cpp counts them.
inline std::set<std::string> skipped_cases;

inline void list_current_case(const std::string& reason, const std::string& part = {}) {
    namespace framework = boost::unit_test::framework;
    const std::string name = framework::current_test_case().full_name() + part;
    const std::string program = framework::master_test_suite().argv[0];
    add_to_skip_list(program.substr(program.rfind('/') + 1) + "." + name, reason);
    BOOST_TEST_MESSAGE("skipped: " << name << ": " << reason);
}

/// Says that the current case cannot run, and why. The case has to return then.
///
/// The cases of a top-level suite are skipped for the same reason or not at all, so that ctest's word on the suite is
/// exact: put others into a suite of their own.
inline void skip(const std::string& reason) {
    if (skipped_cases.insert(boost::unit_test::framework::current_test_case().full_name()).second)
        list_current_case(reason);
}

/// Says that the current case runs on without one of its checks, and why. It counts as run.
inline void skip_a_check(const std::string& reason) { list_current_case(reason, " (one check of it)"); }

}  // namespace coropg::test
