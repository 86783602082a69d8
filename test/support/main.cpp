#define BOOST_TEST_MODULE coropg
#include <boost/test/unit_test.hpp>
