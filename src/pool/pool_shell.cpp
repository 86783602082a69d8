#include <coropg/detail/pool/pool_shell.hpp>

#include "ended.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <random>
#include <utility>
#include <vector>

namespace coropg::detail {

pool_shell::pool_shell(conninfo info, const pool_options& options)
    : info_{std::move(info)},
      name_{options.name},
      options_{options},
      core_{limits_of(options), std::random_device{}()} {
    add_records();
}

void pool_shell::require_home() const {
    if (process_.is_left()) throw usage_error{pool_of_parent};
}

pool_stats pool_shell::stats() const {
    require_home();
    const std::lock_guard lock{mutex_};
    return core_.stats();
}

clock::time_point pool_shell::acquire_deadline() const {
    return options_.acquire_timeout.count() == 0 ? no_deadline : later(clock::now(), options_.acquire_timeout);
}

conninfo pool_shell::connect_info() const {
    conninfo info = info_;
    if (options_.connect_timeout.count() != 0) info.connect_timeout(options_.connect_timeout);
    return info;
}

void pool_shell::set_up(session& core) const {
    core.statements().prepare_by_default(options_.prepare);
    const std::lock_guard lock{mutex_};
    if (types_) core.types().share(types_);
}

void pool_shell::take_in(std::size_t slot, session& core) {
    if (core_.slots()[slot].doom == close_reason::none) types_ = core.types().known();
    core.record_in(nullptr);
}

void pool_shell::lend_to(std::size_t slot, session& core, std::source_location where) {
    records_[slot]->begin(where);
    core.record_in(records_[slot]);
}

bool pool_shell::has_decided_minimum() const noexcept {
    return core_.is_closed() || core_.is_refused() || core_.has_minimum();
}

bool pool_shell::is_up(std::source_location where, std::exception_ptr& problem) const {
    if (core_.is_closed())
        problem = refusal_of(request_result::closed, snapshot(clock::now()), {{}, where});
    else if (core_.is_refused())
        problem = last_failure_.problem;
    return problem || core_.has_minimum();
}

std::exception_ptr pool_shell::timed_out(std::source_location where) const {
    return failure_of(wait_failure::timed_out, snapshot(clock::now()), last_failure_.problem, {{}, where});
}

pool_snapshot pool_shell::snapshot(clock::time_point now) const {
    std::vector<const lease_record*> records;
    for (const auto& each : records_) records.push_back(each.get());
    pool_snapshot seen = snapshot_of(core_, records, now);
    seen.name = name_;
    seen.last_error = last_failure_.text;
    return seen;
}

void pool_shell::add_records() {
    while (records_.size() < core_.slots().size()) records_.push_back(std::make_shared<lease_record>());
}

bool pool_shell::is_silent(std::size_t slot, int socket, clock::time_point now) {
    char byte{};
    const ssize_t seen = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (seen < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (seen > 0)
        core_.doubt(slot, now);  // a notice, or why the server closes it
    else
        core_.lost(slot, now);
    return false;
}

}  // namespace coropg::detail
