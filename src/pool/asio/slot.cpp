// A slot: how its connection is made, proved and reset at its hub, and laid to rest.
#include <coropg/detail/drivers/descriptor.hpp>

#include "../../hang_up.hpp"
#include "../ended.hpp"
#include "event.hpp"
#include "in_time.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace coropg::detail {

using boost::system::error_code;

asio::any_io_executor asio_pool::home_of(std::size_t i) const {
    const std::lock_guard lock{mutex_};
    return slots_[i].home;
}

void asio_pool::begin_connect(std::size_t i) try {
    if (event::is_in_child(*this)) return;
    const auto signal = std::make_shared<asio::cancellation_signal>();
    {
        const event e{*this};
        if (core_.is_closed()) return core_.connect_failed(i, e.now, connect_problem::unavailable);
        slots_[i].connecting = signal;
    }
    const auto end = [signal](const std::exception_ptr&) {};
    asio::co_spawn(home_of(i), make_connection(shared_from_this(), i),
                   asio::bind_cancellation_slot(signal->slot(), end));
} catch (...) {
    fail_connect(i, connect_problem::unavailable, std::current_exception());
}

namespace {

asio::awaitable<void> run_hook(asio::awaitable<void> hook, clock::time_point deadline) {
    const asio::any_io_executor home = co_await asio::this_coro::executor;
    const auto ended = co_await in_time(std::move(hook), deadline, home);
    if (!ended) throw query_timeout{"a hook of the pool took longer than acquire_timeout"};
}

}  // namespace

asio::awaitable<void> asio_pool::make_connection(std::shared_ptr<asio_pool> self, std::size_t i) {
    std::shared_ptr<asio_link> link;
    std::exception_ptr problem;
    std::optional<connection> conn;
    bool is_in_hook = false;
    try {
        conninfo info = self->connect_info();
        is_in_hook = true;
        if (self->before_connect) co_await run_hook(self->before_connect(info), self->acquire_deadline());
        is_in_hook = false;
        self->require_home();
        pq::connection established = co_await asio_driver::connect(std::move(info));
        const asio::any_io_executor home = co_await asio::this_coro::executor;
        conn.emplace(asio_driver{make_link(std::move(established), home)});
        self->set_up(conn->runner().core());
        is_in_hook = true;
        if (self->after_connect) co_await run_hook(self->after_connect(*conn), self->acquire_deadline());
        keep_as_set_up(conn->runner().core());
        is_in_hook = false;
        self->require_home();
        require_connected(conn->runner().core());
        link = std::move(*conn).take_driver().take_link();
    } catch (...) {
        problem = std::current_exception();
    }
    if (!problem) co_return self->end_connect(i, std::move(link));
    const bool is_lost = conn && !conn->is_open();
    conn.reset();
    self->fail_connect(i, is_in_hook ? problem_in_hook(problem, is_lost) : problem_of(problem), problem);
}

void asio_pool::end_connect(std::size_t i, std::shared_ptr<asio_link>&& hub) {
    std::unique_ptr<session> core = hub->part();
    std::shared_ptr<descriptor> idle_socket;
    try {
        idle_socket = std::make_shared<descriptor>(executor_, duplicate(core->socket()).release());
    } catch (...) {
        return fail_connect(i, connect_problem::unavailable, std::current_exception());
    }
    connect_failure former;  // is destroyed behind the mutex: it may be the program's
    const event e{*this};
    slot& s = slots_[i];
    s.connecting = nullptr;
    s.hub = std::move(hub);
    s.idle_socket = std::move(idle_socket);
    std::swap(last_failure_, former);
    rest(i, std::move(core), e.now);
    core_.connected(i, e.now);
    go_on(i);
}

void asio_pool::fail_connect(std::size_t i, connect_problem problem, std::exception_ptr why) {
    if (event::is_in_child(*this)) return;
    connect_failure failure;
    persist([&] { failure = connect_failure{why}; });
    const event e{*this};
    slots_[i].connecting = nullptr;
    std::swap(last_failure_, failure);  // the former one is destroyed behind the mutex
    core_.connect_failed(i, e.now, problem);
}

namespace {

/// A statement that shows whether what is before it in the queue ends, and the connection lives.
struct ping_limit {
    explicit ping_limit(const asio::any_io_executor& home) : timer{home, longest_check} {}

    asio::steady_timer timer;
    bool is_late = false;
    bool has_ended = false;
};

}  // namespace

/// On the slot's home: has its session end what is queued in it, and answer.
void asio_pool::ping(std::size_t i) try {
    if (event::is_in_child(*this)) return;
    const std::shared_ptr<asio_link> hub = move_in(i);
    const auto end = std::make_shared<ping_limit>(hub->executor);
    end->timer.async_wait([end, hub](error_code problem) {
        if (problem || end->has_ended) return;
        end->is_late = true;
        hub->shut_down("it did not answer when it was checked");
    });
    unit_ptr question = hub->core().make_unit({}, {});
    question->add_own("SELECT 1");
    question->waiting.emplace([self = shared_from_this(), i, end](unit_ptr done) {
        end->has_ended = true;
        end->timer.cancel();
        self->end_ping(i, !done->failed(), end->is_late);
    });
    hub->start(std::move(question));
} catch (...) {
    end_ping(i, false, false);
}

void asio_pool::end_ping(std::size_t i, bool is_well, bool is_late) {
    if (event::is_in_child(*this)) return;
    std::unique_ptr<session> core = move_out(i);
    tell_finished(*core, home_of(i));
    const event e{*this};
    // The answer may be old when the event loop is late.
    const bool ok = is_well && core->is_open() && core->is_quiet() && !has_hung_up(core->socket());
    rest(i, std::move(core), e.now);
    if (core_.slots()[i].state == slot_state::checking)
        core_.checked(i, e.now, ok, is_late);
    else
        core_.cleared(i, e.now, ok);
    go_on(i);
}

/// Brings the session that rests in a slot to its hub.
std::shared_ptr<asio_link> asio_pool::move_in(std::size_t i) {
    std::unique_ptr<session> core;
    std::shared_ptr<asio_link> hub;
    {
        const std::lock_guard lock{mutex_};
        core = std::move(slots_[i].at_rest);
        hub = slots_[i].hub;
    }
    if (core) hub->adopt(std::move(core));
    return hub;
}

std::unique_ptr<session> asio_pool::move_out(std::size_t i) {
    const std::lock_guard lock{mutex_};
    return slots_[i].hub->part();
}

void asio_pool::rest(std::size_t i, std::unique_ptr<session>&& core, clock::time_point heard_from) {
    take_in(i, *core);
    slots_[i].at_rest = std::move(core);
    slots_[i].heard_from = heard_from;
}

/// Background work of a connection that has become idle: its reset is sent, and its end is noticed. Later, since those
/// who are told now may use it again.
void asio_pool::go_on(std::size_t i) {
    slot& s = slots_[i];
    if (core_.slots()[i].state != slot_state::idle || std::exchange(s.is_to_look_after, true)) return;
    persist([&] {
        asio::post(s.home, [weak = weak_from_this(), i] {
            if (const auto self = weak.lock()) self->look_after(i);
        });
    });
}

void asio_pool::look_after(std::size_t i) {
    if (event::is_in_child(*this)) return;
    const event e{*this};
    slot& s = slots_[i];
    s.is_to_look_after = false;
    if (core_.slots()[i].state != slot_state::idle) return;
    if (!s.at_rest->is_quiet()) core_.doubt(i, e.now);
    watch(i);
}

}  // namespace coropg::detail
