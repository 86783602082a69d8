#include <coropg/detail/session/canceller.hpp>

namespace coropg::detail {

canceller::due canceller::expire(clock::time_point now) noexcept {
    if (limit_ <= now) return due::end;
    if (again_ <= now) {
        again_ = no_deadline;
        state_ = state::wanted;
    }
    return first_ <= now ? due::deadlines : due::nothing;
}

void canceller::cancel_head(clock::time_point now) noexcept {
    state_ = state::wanted;
    limit_ = now + longest_wait;
}

bool canceller::take() noexcept {
    if (state_ != state::wanted) return false;
    state_ = state::under_way;
    return true;
}

void canceller::ended(clock::time_point now, bool head_goes_on) noexcept {
    state_ = head_goes_on ? state::delivered : state::none;
    if (head_goes_on)
        again_ = now + std::max<clock::duration>(resend_after, now - (limit_ - longest_wait));
    else
        limit_ = no_deadline;
}

void canceller::head_ended() noexcept {
    again_ = no_deadline;
    if (state_ == state::under_way) return;
    state_ = state::none;
    limit_ = no_deadline;
}

void canceller::stop() noexcept {
    state_ = state::none;
    limit_ = again_ = no_deadline;
}

}  // namespace coropg::detail
