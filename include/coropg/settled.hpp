// The end of one of several pieces of work, for gather_settled of both faces. Knows nothing of either.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace coropg {

namespace detail {

/// The result of work that returns T.
template <class T>
using gathered = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

}  // namespace detail

/// The outcome of a piece of work: the value that it returned, or the exception that it threw.
template <class T>
class settled {
 public:
    using value_type = detail::gathered<T>;

    /// Exactly one of the two is there.
    settled(std::optional<value_type> value, std::exception_ptr error)
        : value_{std::move(value)}, error_{std::move(error)} {}

    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
    /// The value; nothing for work that returns void. Errors: the exception, rethrown.
    decltype(auto) value() & { return of(*this); }
    decltype(auto) value() const& { return of(*this); }
    decltype(auto) value() && { return of(std::move(*this)); }
    /// The exception; null when there is a value.
    [[nodiscard]] std::exception_ptr error() const noexcept { return error_; }

 private:
    template <class Self>
    static decltype(auto) of(Self&& self) {
        if (self.error_) std::rethrow_exception(self.error_);
        if constexpr (!std::is_void_v<T>) return *std::forward<Self>(self).value_;
    }

    std::optional<value_type> value_;
    std::exception_ptr error_;
};

namespace detail {

/// The outcome of calling `work`.
template <class Work>
settled<std::invoke_result_t<Work&>> settle_call(Work& work) {
    using end = settled<std::invoke_result_t<Work&>>;
    std::optional<typename end::value_type> value;
    try {
        if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
            work();
            value.emplace();
        } else {
            value.emplace(work());
        }
    } catch (...) {
        return end{std::nullopt, std::current_exception()};
    }
    return end{std::move(value), nullptr};
}

}  // namespace detail

}  // namespace coropg
