// What the session tells: notices to their handler, the ends of statements and transactions to the observer and the log.
#include <coropg/detail/session.hpp>
#include <coropg/log.hpp>
#include <coropg/observer.hpp>

namespace coropg::detail {

void session::take_notice(void* self, const PGresult* notice) noexcept {
    pq::log_notice(nullptr, notice);
    session& s = *static_cast<session*>(self);
    if (!s.on_notice_ || s.resets_ > 0) return;  // what comes before the end of a reset is of the former user
    try {
        s.notices_.push_back(pq::diagnostics_of(notice));
    } catch (...) {  // out of memory: the notice is lost, the connection is not
    }
}

void session::deliver_notices() {
    while (!notices_.empty() && on_notice_) {
        const std::vector<diagnostics> come = std::exchange(notices_, {});
        const auto handler = on_notice_;  // it may set another one
        for (const diagnostics& notice : come) try {
                handler(notice);
            } catch (const std::exception& e) {
                log(log_level::error, std::string{"the handler of notices failed: "}.append(e.what()));
            } catch (...) {
                log(log_level::error, "the handler of notices failed");
            }
    }
}

void session::report(const unit& u) const {
    query_event event{u.site_sql(), u.where, PQbackendPID(conn_.get())};
    event.statements = u.commands.size() - u.opening_commands;
    event.duration = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - u.started);
    event.rows = u.affected_rows;
    for (const command& c : u.commands) event.rows += c.answer.affected_rows();
    report_end(u, event);

    const auto slow = slow_query_threshold();
    const bool is_slow = slow.count() > 0 && event.duration >= slow;
    if (is_slow || should_log(log_level::debug)) {
        std::string text = is_slow ? "slow: " : "";
        text += u.failed() ? "failed " + std::string{u.sqlstate()} : std::to_string(event.rows) + " rows";
        text += " in " + std::to_string(event.duration.count()) + " us";
        const call_site site = u.site();
        log(is_slow ? log_level::warning : log_level::debug, describe(text, &site));
    }
    if (current_observer() == nullptr) return;
    try {
        u.throw_failure();
        notify(&observer::on_query, event);
    } catch (const error& e) {
        event.problem = &e;
        notify(&observer::on_query, event);
    }
}

/// Of a transaction, when `u` ends one.
void session::report_end(const unit& u, const query_event& event) const {
    if (u.ends == ending::none || u.within->outer || u.within->begun == clock::time_point{}) return;
    using end = transaction_event::end;
    const bool is_done = !u.failed() && u.commands.back().answer.command_tag() != "ROLLBACK";
    const bool is_in_doubt = u.is_commit && u.failed() && u.sqlstate().empty() && u.sync_sent;
    const end how = is_in_doubt                  ? end::in_doubt
                    : !is_done                   ? end::rolled_back
                    : u.ends == ending::prepare  ? end::prepared
                    : u.ends == ending::rollback ? end::rolled_back
                                                 : end::committed;
    notify(&observer::on_transaction,
           transaction_event{how, u.where, event.backend_pid,
                             std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - u.within->begun)});
}

}  // namespace coropg::detail
