#define BOOST_TEST_MODULE coropg
#define BOOST_TEST_NO_MAIN
#include "skip.hpp"

#include <boost/test/tree/observer.hpp>
#include <boost/test/unit_test.hpp>

namespace {

namespace ut = boost::unit_test;

/// Counts the cases that were run.
class counter : public ut::test_observer {
 public:
    void test_unit_start(const ut::test_unit& unit) override { cases += unit.p_type == ut::TUT_CASE ? 1U : 0U; }
    std::size_t cases = 0;
};

}  // namespace

/// Ends with 77, as ctest wants it, when each case was skipped.
int main(int argc, char** argv) {
    counter run;
    ut::framework::register_observer(run);
    const int code = ut::unit_test_main(&init_unit_test, argc, argv);
    const std::size_t skipped = coropg::test::skipped_cases.size();
    return code == 0 && skipped > 0 && skipped == run.cases ? 77 : code;
}
