// Transactions: the handle, and the verbs that begin one on a connection or nest one by a savepoint.
#pragma once

#include <coropg/detail/closure_guard.hpp>
#include <coropg/detail/drivers/runner.hpp>
#include <coropg/detail/persist.hpp>
#include <coropg/sql.hpp>
#include <coropg/statements.hpp>

#include <concepts>
#include <coroutine>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace coropg {

template <detail::session_runner Runner>
class basic_transaction;

namespace detail {

/// BEGIN and SET LOCAL as `options` say; of a savepoint just the settings.
/// Errors: usage_error for a setting that has no plain name, and for options that a savepoint cannot have.
std::vector<std::string> opening_of(const transaction_options& options, bool is_savepoint, std::source_location where);

/// Begins a transaction on a runner; the options are read now.
inline auto beginning(const transaction_options& options, call_options carried, std::shared_ptr<scope> outer,
                      std::source_location where) {
    const bool finds_id = options.finds_transaction_id && !options.read_only;
    std::vector<std::string> opening = opening_of(options, outer != nullptr, where);
    return [carried, outer = std::move(outer), opening = std::move(opening), finds_id, where](auto runner) mutable {
        [[maybe_unused]] const auto held = runner.hold();
        runner.core().hear_after_idling();
        auto scope = runner.core().transactions().begin(outer, std::move(opening), finds_id);
        scope->where = where;
        return basic_transaction<decltype(runner)>{std::move(runner), carried, std::move(scope)};
    };
}

/// A type that a coroutine returns.
template <class T>
concept coroutine_result = requires { typename std::coroutine_traits<T>::promise_type; };

/// What one awaits on the face of that runner.
template <class T, class Runner>
concept future_of = requires {
    typename T::value_type;
    requires std::same_as<T, typename Runner::template future<typename T::value_type>>;
};

/// Refuses what cannot be the work of a transaction on a connection of that runner, once for each.
template <class Runner, class Work>
struct transaction_work {
    static constexpr bool is_called_with_it = std::is_invocable_v<Work&, basic_transaction<Runner>&>;
    static_assert(
        is_called_with_it,
        "the work of a transaction is called with the transaction, by reference: [&](coropg::transaction& tx) "
        "{...}, on the blocking face [&](coropg::sync::transaction& tx) {...}");

    static consteval bool is_right() {
        if constexpr (is_called_with_it) {
            using returned = std::invoke_result_t<Work&, basic_transaction<Runner>&>;
            constexpr bool is_coroutine = !is_awaited<Runner> || future_of<returned, Runner>;
            static_assert(is_coroutine,
                          "the work of a transaction is a coroutine: let it return boost::asio::awaitable<T>, as in "
                          "[&](coropg::transaction& tx) -> boost::asio::awaitable<void> {...}");
            constexpr bool is_plain = is_awaited<Runner> || !coroutine_result<returned>;
            static_assert(is_plain,
                          "on the blocking face the work of a transaction is no coroutine: nobody would run it");
            return is_coroutine && is_plain;
        }
        return false;
    }
};

/// The scope of a moved-from transaction.
const std::shared_ptr<scope>& ended_scope();

}  // namespace detail

/// The verbs that begin transactions. On a connection they begin one, on a transaction they set a savepoint.
///
/// Nothing is sent before the first statement: BEGIN travels with it and costs no round trip. While the transaction is
/// open, statements go to it; on what it was begun on they are a usage_error.
template <class Self, detail::session_runner Runner>
class transactions {
 public:
    template <class T>
    using future = typename Runner::template future<T>;

    /// Begins a transaction that is ended by its `commit()` or `rollback()`, or rolled back when it goes out of scope.
    /// Errors: usage_error when one is open already.
    future<basic_transaction<Runner>> begin(transaction_options options = {},
                                            std::source_location where = std::source_location::current()) {
        return Runner::make(beginning(options, where));
    }

    /// Runs `work(transaction)`, commits when it returns and rolls back when it throws. Returns what `work` returns.
    /// Errors: what `work` throws; those of `basic_transaction::commit`.
    template <class Work>
    auto transaction(transaction_options options, Work&& work,
                     std::source_location where = std::source_location::current()) {
        if constexpr (detail::is_awaited<Runner>) detail::require_safe_closure<Work>();
        if constexpr (detail::transaction_work<Runner, std::decay_t<Work>>::is_right())
            return Runner::transact(beginning(options, where), std::decay_t<Work>(std::forward<Work>(work)));
    }
    template <class Work>
    auto transaction(Work&& work, std::source_location where = std::source_location::current()) {
        if constexpr (detail::is_awaited<Runner>) detail::require_safe_closure<Work>();
        if constexpr (detail::transaction_work<Runner, std::decay_t<Work>>::is_right())
            return Runner::transact(beginning({}, where), std::decay_t<Work>(std::forward<Work>(work)));
    }

 private:
    auto beginning(const transaction_options& options, std::source_location where) {
        const Self& self = static_cast<const Self&>(*this);
        return [runner = self.runner(),
                begin = detail::beginning(options, self.options(), self.within(), where)]() mutable {
            return begin(std::move(runner));
        };
    }
};

/// A connection or transaction whose statements carry options.
template <detail::session_runner Runner>
class with_options : public statements<with_options<Runner>, Runner>,
                     public transactions<with_options<Runner>, Runner> {
 public:
    with_options(Runner runner, call_options options, std::shared_ptr<detail::scope> within) noexcept
        : runner_{std::move(runner)}, options_{options}, within_{std::move(within)} {}

    [[nodiscard]] const Runner& runner() const noexcept { return runner_; }
    [[nodiscard]] call_options options() const noexcept { return options_; }
    [[nodiscard]] const std::shared_ptr<detail::scope>& within() const noexcept { return within_; }

 private:
    Runner runner_;
    call_options options_;
    std::shared_ptr<detail::scope> within_;
};

/// An open transaction, or a savepoint within one. Movable, not copyable. Destroyed before it was ended, it is rolled
/// back: that is queued, waits for nothing, and goes before whatever is run on the connection next.
/// Threads: as its connection. Lifetime: it may outlive the connection, but then is of no use.
template <detail::session_runner Runner>
class basic_transaction : public statements<basic_transaction<Runner>, Runner>,
                          public transactions<basic_transaction<Runner>, Runner> {
 public:
    template <class T>
    using future = typename Runner::template future<T>;

    basic_transaction(Runner runner, call_options options, std::shared_ptr<detail::scope> scope) noexcept
        : runner_{std::move(runner)}, options_{options}, scope_{std::move(scope)} {}
    basic_transaction(basic_transaction&& other) noexcept
        : runner_{other.runner_}, options_{other.options_}, scope_{std::move(other.scope_)} {}
    basic_transaction& operator=(basic_transaction&& other) noexcept {
        std::swap(runner_, other.runner_);
        std::swap(options_, other.options_);
        std::swap(scope_, other.scope_);
        return *this;
    }
    ~basic_transaction() {
        if (is_open()) drop();
    }

    /// Commits; of a savepoint, keeps what was done since. A commit that is waited for is never cancelled on the
    /// server.
    /// Errors: commit_rolled_back when an earlier error has aborted the transaction; commit_in_doubt when the answer is
    /// lost, or no longer waited for; server_error, as of deferred constraints, after which nothing is stored.
    future<void> commit(std::source_location where = std::source_location::current()) {
        return end(scope_ && scope_->outer ? detail::purpose::release : detail::purpose::commit, where);
    }

    /// Undoes all that was done in it.
    future<void> rollback(std::source_location where = std::source_location::current()) {
        return end(detail::purpose::rollback, where);
    }

    /// Ends it by PREPARE TRANSACTION, for `commit_prepared` or `rollback_prepared` on any connection later. Hooks of
    /// `on_commit` are not called. Errors: as of `commit`; `list_prepared` tells whether one in doubt is there;
    /// usage_error on a savepoint.
    future<void> prepare_transaction(std::string_view name,
                                     std::source_location where = std::source_location::current()) {
        if (scope_ && scope_->outer)
            throw usage_error{"a savepoint cannot be prepared: prepare the transaction around it", {{}, where}};
        return end(detail::purpose::prepare, where, sql::literal(name, where).text());
    }

    /// Has `hook()` called once the transaction is committed, by the coroutine or thread that commits it; not if it is
    /// rolled back, to the savepoint either, or in doubt, or prepared. It may use the connection, and give it back.
    /// What it throws is logged.
    template <class Hook>
    void on_commit(Hook&& hook) {
        static_assert(!std::is_class_v<std::invoke_result_t<Hook&>>,
                      "a hook of on_commit is called, not awaited: in it, start a coroutine by co_spawn");
        if (!is_open()) throw usage_error{"the transaction has ended"};
        scope_->on_commit.emplace_back(std::forward<Hook>(hook));
    }

    /// Whether it takes statements.
    [[nodiscard]] bool is_open() const noexcept { return scope_ && !scope_->ended; }

    /// This transaction with options for the statements that are run through what it returns.
    [[nodiscard]] with_options<Runner> with(call_options options) const { return {runner_, options, within()}; }

    [[nodiscard]] const Runner& runner() const noexcept { return runner_; }
    [[nodiscard]] call_options options() const noexcept { return options_; }
    [[nodiscard]] const std::shared_ptr<detail::scope>& within() const noexcept {
        return scope_ ? scope_ : detail::ended_scope();
    }

 private:
    future<void> end(detail::purpose how, std::source_location where, std::string_view name = {}) {
        auto u = runner_.make_unit(options_, where, within());
        u->end_scope(how, name);
        return runner_.template run<void>(std::move(u), detail::finish_ending{within(), how});
    }
    void drop() noexcept {
        detail::persist([this] {
            try {
                auto u = runner_.make_unit({}, scope_->where, scope_);
                u->end_scope(detail::purpose::rollback);
                runner_.start(std::move(u));
            } catch (const usage_error&) {
                // A connection that was lost or discarded went back to its pool before: its transaction has gone with
                // it.
            }
        });
    }

    Runner runner_;
    call_options options_;
    std::shared_ptr<detail::scope> scope_;
};

}  // namespace coropg
