// `op<T>`: a protocol verb of several steps, written as a coroutine that says what it waits for and never waits itself.
// A driver resumes it with what came. Used for connecting and for the session's exclusive work; knows neither Asio nor
// poll(2).
//
// An op that awaits another op does not resume it: the root's context notes the new leaf and `resume` loops. Symmetric
// transfer would do the same with less code, but overflows the stack on GCC 12 at -O0 and under AddressSanitizer.
#pragma once

#include <chrono>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace coropg::detail {

using clock = std::chrono::steady_clock;
inline constexpr clock::time_point no_deadline = clock::time_point::max();

/// The readiness of a socket that is waited for, or has come.
enum class want : unsigned char { nothing = 0, read = 1, write = 2, both = 3 };

constexpr want operator|(want a, want b) {
    return static_cast<want>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(want set, want one) { return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0; }

/// The caller of an op, which the op can wait for besides a socket.
class awaited {
 public:
    [[nodiscard]] virtual bool is_ready() const noexcept = 0;

 protected:
    ~awaited() = default;
};

/// A wait of an op: for the readiness of a socket, its caller, or either of them. Until a deadline.
struct wish {
    want readiness = want::nothing;
    int socket = -1;
    clock::time_point deadline = no_deadline;
    const awaited* caller = nullptr;
};

/// The end of a wait.
enum class answer : unsigned char { ready, timed_out };

template <class T>
class op;

/// Shared by an op and all that it awaits.
struct op_context {
    std::coroutine_handle<> leaf;
    std::optional<wish> waiting;
    answer reply = answer::ready;
};

class op_promise_base {
 public:
    std::suspend_always initial_suspend() noexcept { return {}; }

    auto final_suspend() noexcept {
        struct back_to_caller {
            op_promise_base& self;
            bool await_ready() noexcept { return false; }
            void await_suspend(std::coroutine_handle<>) noexcept { self.context->leaf = self.caller; }
            void await_resume() noexcept {}
        };
        return back_to_caller{*this};
    }

    void unhandled_exception() { problem = std::current_exception(); }

    auto await_transform(wish w) {
        struct ask_driver {
            op_context& context;
            bool await_ready() noexcept { return false; }
            void await_suspend(std::coroutine_handle<>) noexcept {}
            answer await_resume() noexcept { return context.reply; }
        };
        context->waiting = w;
        return ask_driver{*context};
    }

    template <class U>
    auto await_transform(op<U> child) {
        struct run_child {
            op<U> child;
            op_context& context;
            bool await_ready() noexcept { return false; }
            void await_suspend(std::coroutine_handle<> self) { child.start_under(context, self); }
            U await_resume() { return child.take(); }
        };
        return run_child{std::move(child), *context};
    }

    op_context own;
    op_context* context = &own;
    std::coroutine_handle<> caller;
    std::exception_ptr problem;
};

template <class T>
class op_promise : public op_promise_base {
 public:
    op<T> get_return_object();
    void return_value(T result) { value.emplace(std::move(result)); }
    T take() { return std::move(*value); }

 private:
    std::optional<T> value;
};

template <>
class op_promise<void> : public op_promise_base {
 public:
    op<void> get_return_object();
    void return_void() noexcept {}
    void take() noexcept {}
};

template <class T>
class [[nodiscard]] op {
 public:
    using promise_type = op_promise<T>;

    explicit op(std::coroutine_handle<promise_type> frame) : frame_{frame} { frame.promise().own.leaf = frame; }
    op(op&& other) noexcept : frame_{std::exchange(other.frame_, nullptr)} {}
    op& operator=(op&& other) noexcept {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~op() {
        if (frame_) frame_.destroy();
    }

    /// Runs until the next wish, which is returned, or to the end.
    std::optional<wish> resume(answer reply = answer::ready) {
        op_context& context = frame_.promise().own;
        context.reply = reply;
        context.waiting.reset();
        while (!frame_.done() && !context.waiting) context.leaf.resume();
        return context.waiting;
    }

    /// The result, or the exception that ended it.
    T take() {
        if (frame_.promise().problem) std::rethrow_exception(frame_.promise().problem);
        return frame_.promise().take();
    }

    void start_under(op_context& context, std::coroutine_handle<> caller) {
        frame_.promise().context = &context;
        frame_.promise().caller = caller;
        context.leaf = frame_;
    }

 private:
    std::coroutine_handle<promise_type> frame_;
};

template <class T>
op<T> op_promise<T>::get_return_object() {
    return op<T>{std::coroutine_handle<op_promise>::from_promise(*this)};
}

inline op<void> op_promise<void>::get_return_object() {
    return op<void>{std::coroutine_handle<op_promise>::from_promise(*this)};
}

}  // namespace coropg::detail
