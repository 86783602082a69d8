// The blocking driver: waits with poll(2) on the caller's thread. No hidden thread, no hidden io_context.
#pragma once

#include <coropg/conninfo.hpp>
#include <coropg/detail/session.hpp>

namespace coropg::detail {

class poll_driver {
 public:
    /// What an operation that answers T returns.
    template <class T>
    using future = T;

    explicit poll_driver(pq::connection conn) : core_{std::make_unique<session>(std::move(conn))} {}

    /// Runs `u` and maps it to its result.
    template <class T>
    T run(unit_ptr&& u, T (*finish)(unit&)) {
        return core_->result_of(perform(std::move(u)), finish);
    }

    [[nodiscard]] session& core() const noexcept { return *core_; }

    static pq::connection connect(conninfo info);

 private:
    unit_ptr perform(unit_ptr&& u);
    void wait();

    std::unique_ptr<session> core_;
};

}  // namespace coropg::detail
