// Idle connections: their end is noticed by the event loop, and before they are lent.
#include "event.hpp"

namespace coropg::detail {

using boost::system::error_code;

/// Has the end of an idle connection noticed. What comes while it is used wakes it once, for nothing.
void asio_pool::watch(std::size_t i) {
    slot& s = slots_[i];
    if (std::exchange(s.is_watched, true)) return;
    s.idle_socket->async_wait(descriptor::wait_read,
                              [weak = weak_from_this(), i, idle_socket = s.idle_socket](error_code problem) {
                                  if (const auto self = weak.lock(); self && !problem)
                                      self->on_idle_event(i, *idle_socket);
                              });
}

void asio_pool::on_idle_event(std::size_t i, descriptor& idle_socket) {
    if (event::is_in_child(*this)) return;
    const event e{*this};
    slot& s = slots_[i];
    if (s.idle_socket.get() != &idle_socket) return;
    s.is_watched = false;
    if (core_.slots()[i].state != slot_state::idle) return;
    if (look_at(i, e.now)) watch(i);
}

bool asio_pool::look_at(std::size_t i, clock::time_point now) {
    return is_silent(i, slots_[i].idle_socket->native_handle(), now);
}

/// The end of an idle connection is noticed before it is lent, even when the event loop had no time to tell. One that
/// has just been heard from is not worth a system call.
void asio_pool::look_at_next(clock::time_point now) {
    while (const auto next = core_.next_idle()) {
        const bool was_heard = now - slots_[*next].heard_from < std::chrono::milliseconds{1};
        if (was_heard || look_at(*next, now)) return;
    }
}

}  // namespace coropg::detail
