// The code of Boost.JSON, which one file of a program has.
#include <boost/json/src.hpp>
