#include <coropg/sync_pool.hpp>

namespace coropg::detail {

namespace {

sync::pooled_connection held(const std::shared_ptr<poll_pool>& pool, lent_session&& lent) {
    std::optional<poll_driver> driver;
    persist([&] { driver.emplace(std::move(lent.session)); });
    return {pool, lent.lease, sync::connection{std::move(*driver)}};
}

/// Whether a connection that was granted can be used.
bool is_welcome(const poll_pool& pool, sync::connection& conn) {
    session& core = conn.runner().core();
    if (core.has_leftovers()) core.advance(want::read);  // the answer to its reset, if it is there
    if (!core.is_open()) return false;
    if (!pool.before_acquire) return true;
    try {
        if (!pool.before_acquire(conn)) return false;
        require_no_transaction(conn.runner().core());
        return true;
    } catch (...) {
        tell_as_not_sent(std::current_exception());
        throw;
    }
}

}  // namespace

sync::pooled_connection acquire_from(std::shared_ptr<poll_pool> pool, std::source_location where,
                                     clock::time_point deadline) {
    const clock::time_point latest = pool->acquire_deadline();
    const clock::time_point until = std::min(deadline, latest);
    const bool is_hurried = deadline < latest;
    const acquire_report report{pool->name(), where};
    try {
        for (;;) {
            sync::pooled_connection conn = held(pool, pool->lease(where, until));
            if (!is_welcome(*pool, *conn)) {
                conn.discard();
                continue;
            }
            report.end();
            return conn;
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

std::optional<sync::pooled_connection> try_acquire_from(std::shared_ptr<poll_pool> pool, std::source_location where) {
    std::optional<lent_session> lent = pool->try_lease(where);
    if (!lent) return std::nullopt;
    sync::pooled_connection conn = held(pool, std::move(*lent));
    if (is_welcome(*pool, *conn)) return conn;
    conn.discard();
    return std::nullopt;
}

}  // namespace coropg::detail
