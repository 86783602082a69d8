// The seed of a test's random numbers: COROPG_TEST_SEED, else another one each time. It is printed, so that a run can be
// repeated.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstdlib>
#include <random>

namespace coropg::test {

inline std::uint64_t announced_seed() {
    const char* const given = std::getenv("COROPG_TEST_SEED");
    const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    BOOST_TEST_MESSAGE("COROPG_TEST_SEED=" << seed);
    return seed;
}

}  // namespace coropg::test
