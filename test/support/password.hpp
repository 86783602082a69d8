// Whether the server of this run asks for a password: one that was given by hand may trust everybody.
#pragma once

#include "faces.hpp"

namespace coropg::test {

inline bool asks_for_a_password(const conninfo& info = tcp_dsn()) {
    conninfo wrong = info;
    wrong.password("wrong");
    try {
        sync::connect(wrong);
        return false;
    } catch (const connection_error&) {
        return true;
    }
}

inline constexpr const char* asks_for_none = "the server of COROPG_TCP_DSN asks for no password";

}  // namespace coropg::test
