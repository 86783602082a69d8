#include "reports.hpp"
#include <coropg/log.hpp>
#include <coropg/observer.hpp>

namespace coropg::detail {

namespace {

/// Of a transaction, when `u` ends one.
void report_end(const unit& u, const query_event& event) {
    if (!u.ends_scope() || u.within->outer || u.within->begun == clock::time_point{}) return;
    using end = transaction_event::end;
    const bool is_done = !u.failed() && u.commands.back().answer.command_tag() != "ROLLBACK";
    const bool is_refused = !u.sqlstate().empty() && !u.failed_fatally;
    const bool is_in_doubt = decides(u.is_for) && u.failed() && !is_refused && u.sync_sent;
    const end how = is_in_doubt                     ? end::in_doubt
                    : !is_done                      ? end::rolled_back
                    : u.is_for == purpose::prepare  ? end::prepared
                    : u.is_for == purpose::rollback ? end::rolled_back
                                                    : end::committed;
    notify(&observer::on_transaction,
           transaction_event{how, u.where, event.backend_pid,
                             std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - u.within->begun)});
}

}  // namespace

bool is_observed() {
    return current_observer() != nullptr || slow_query_threshold().count() > 0 || should_log(log_level::debug);
}

void report(const unit& u, int backend_pid) {
    const call_site about = u.site();  // SQL that was composed may hold values
    query_event event{about.shown.empty() ? about.sql : about.shown, u.where, backend_pid};
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
        log(is_slow ? log_level::warning : log_level::debug, describe(text, &about));
    }
    if (current_observer() == nullptr) return;
    try {
        u.throw_failure();
        notify(&observer::on_query, event);
    } catch (const error& e) {
        event.problem = &e;
        notify(&observer::on_query, event);
    } catch (const std::exception& e) {  // of the program, or for lack of memory
        const error problem{text_of(e), u.site(), outcome::unknown};
        event.problem = &problem;
        notify(&observer::on_query, event);
    } catch (...) {
        const error problem{unknown_exception, u.site(), outcome::unknown};
        event.problem = &problem;
        notify(&observer::on_query, event);
    }
}

}  // namespace coropg::detail
