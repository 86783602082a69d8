// A pool on either face, which is closed in the end.
#pragma once

#include "faces.hpp"

#include <coropg/pool.hpp>

namespace coropg::test {

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
