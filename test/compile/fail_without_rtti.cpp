// The asynchronous face in a program that is compiled with -fno-rtti, for which Asio defines this macro.
// without precompiled headers, which were compiled with RTTI
// expect: coropg's asynchronous face needs RTTI
#ifndef COROPG_MUST_PASS
#define BOOST_ASIO_NO_TYPEID 1
#endif
#include <coropg/connection.hpp>
