// A pool on either face, which is closed in the end.
#pragma once

#include "faces.hpp"

#include <coropg/pool.hpp>

#include <chrono>

namespace coropg::test {

/// What `acquire` returns, which is called again while it throws a pool_timeout. The limit of a test's pool may be
/// shorter than a login: SCRAM on a busy machine takes a quarter of a second. The connect goes on meanwhile.
template <class Acquire>
auto after_login(Acquire acquire) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    for (;;) try {
            return acquire();
        } catch (const pool_timeout&) {
            BOOST_REQUIRE(std::chrono::steady_clock::now() < limit);
        }
}

template <class Face>
struct pool_of;

template <>
struct pool_of<async_face> : async_face {
    using transaction = coropg::transaction;

    explicit pool_of(pool_options options = {}, const conninfo& info = dsn())
        : pool{io.get_executor(), info, options} {}
    ~pool_of() { run(pool.close()); }

    coropg::pool pool;
};

template <>
struct pool_of<sync_face> : sync_face {
    using transaction = coropg::sync::transaction;

    explicit pool_of(pool_options options = {}, const conninfo& info = dsn()) : pool{info, options} {}
    ~pool_of() { pool.close(); }

    coropg::sync::pool pool;
};

}  // namespace coropg::test
