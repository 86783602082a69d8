#include <coropg/pool.hpp>

#include "../pool/asio/in_time.hpp"

#include <algorithm>

namespace coropg::detail {

namespace {

thread_local spares spare_units;

pooled_connection held(const std::shared_ptr<asio_pool>& pool, const lent_link& lent) {
    return {pool, lent.lease, connection{asio_driver{lent.link}}};
}

[[noreturn]] void fail_late_hook(pooled_connection& conn, const asio_pool& pool, bool is_hurried,
                                 std::source_location where) {
    conn.discard();
    const std::string hook = "the hook before_acquire took longer than ";
    if (is_hurried) throw query_timeout{hook + "the statement may", {{}, where}};
    pool_snapshot seen;
    seen.name = pool.name();
    throw pool_timeout{hook + "acquire_timeout", seen, {{}, where}};
}

/// Nothing if it had to be cancelled.
asio::awaitable<std::optional<bool>> ask_hook(asio_pool& pool, connection& conn, clock::time_point deadline) {
    try {
        const std::optional<bool> is_welcome =
            co_await in_time(pool.before_acquire(conn), deadline, conn.runner().executor());
        const link_lock held = conn.runner().hold();
        if (is_welcome && *is_welcome) require_no_transaction(conn.runner().core());
        co_return is_welcome;
    } catch (...) {
        tell_as_not_sent(std::current_exception());
        throw;
    }
}

}  // namespace

unit_ptr take_spare_unit(call_options options, std::source_location where, const std::shared_ptr<scope>& within) {
    return spare_units.make(options, where, within);
}

void keep_spare_unit(unit_ptr&& u) noexcept {
    spare_units.keep(std::move(u));
    spare_units.clean_up();
}

asio::awaitable<pooled_connection> acquire_from(std::shared_ptr<asio_pool> pool, std::source_location where,
                                                clock::time_point deadline) {
    const clock::time_point latest = pool->acquire_deadline();
    const bool is_hurried = deadline < latest;
    deadline = std::min(deadline, latest);  // of all tries together
    const acquire_report report{pool->name(), where};
    try {
        for (;;) {
            const bool throws = co_await asio::this_coro::throw_if_cancelled();
            require_uncancelled(throws, co_await asio::this_coro::cancellation_state, where);
            const lent_link lent = co_await lease(pool, where, deadline);
            pooled_connection conn = held(pool, lent);
            std::optional<bool> is_welcome = true;
            if (pool->before_acquire) {
                require_uncancelled(throws, co_await asio::this_coro::cancellation_state, where);
                is_welcome = co_await ask_hook(*pool, *conn, deadline);
            }
            if (!is_welcome) fail_late_hook(conn, *pool, is_hurried, where);
            if (!*is_welcome) {
                conn.discard();
                continue;
            }
            report.end();
            co_return conn;
        }
    } catch (const pool_timeout& e) {
        report.end(&e);
        if (is_hurried) throw too_late_for_statement(e.snapshot(), {{}, where});
        throw;
    } catch (const error& e) {
        report.end(&e);
        throw;
    }
}

asio::awaitable<std::optional<pooled_connection>> try_acquire_from(std::shared_ptr<asio_pool> pool,
                                                                   std::source_location where) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const std::optional<lent_link> lent = pool->try_request(executor, where);
    if (!lent) co_return std::nullopt;
    pooled_connection conn = held(pool, *lent);
    std::optional<bool> is_welcome = true;
    if (pool->before_acquire) is_welcome = co_await ask_hook(*pool, *conn, pool->acquire_deadline());
    if (!is_welcome) fail_late_hook(conn, *pool, false, where);
    if (*is_welcome) co_return conn;
    conn.discard();
    co_return std::nullopt;
}

}  // namespace coropg::detail
