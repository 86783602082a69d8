// The verbs that run statements, the same for every handle that can run them: a connection, a connection with options,
// and what later rooms add. One text for both faces: `future<T>` is `boost::asio::awaitable<T>` or T.
#pragma once

#include <coropg/arguments.hpp>
#include <coropg/detail/drivers/runner.hpp>
#include <coropg/detail/ops/ops.hpp>
#include <coropg/detail/session/finish.hpp>
#include <coropg/detail/values/argument_checks.hpp>
#include <coropg/detail/values/row_checks.hpp>
#include <coropg/pipeline.hpp>
#include <coropg/sql.hpp>
#include <coropg/sql_text.hpp>

#include <ranges>
#include <type_traits>

namespace coropg {

/// `Self` has `runner()`, `options()`, and `within()`, the transaction that its statements are part of.
///
/// Each verb encodes its arguments before it returns: nothing refers to them afterwards. On the asynchronous face it is
/// sent once it is awaited; statements of several coroutines on one connection are pipelined in the order in which they
/// are awaited, and each succeeds or fails on its own.
///
/// Errors of all verbs: server_error and its types in coropg::errors; connection_error when the connection is lost or
/// closed; query_timeout; operation_aborted; usage_error for arguments that cannot be sent, and for a statement on a
/// connection or transaction while another transaction is open within it. `outcome()` says what became of the
/// statement.
/// Cancellation: terminal and total, by the awaiting coroutine's slot. What is not sent is dropped; a statement that
/// runs alone is cancelled on the server, and the verb ends when it has; with others on the wire, it is left to the
/// server.
/// Threads: only from the connection's executor, or on the blocking face from one thread at a time.
template <class Self, detail::runner Runner>
class statements {
 public:
    /// The return type of a verb that answers T.
    template <class T>
    using future = typename Runner::template future<T>;
    /// SQL with a placeholder for each of the arguments.
    template <class... Args>
    using sql_for = basic_sql<detail::count_awaited_arguments<detail::is_awaited<Runner>, Args...>()>;
    /// SQL with a placeholder for each part of an element of Rows.
    template <class Rows>
    using sql_for_each = basic_sql<detail::count_awaited_parts<detail::is_awaited<Runner>, Rows>()>;

    /// Runs one statement and returns its rows and command tag.
    template <class... Args>
        requires(detail::is_value<Args> && ...)
    future<result> execute(sql_for<Args...> sql, Args&&... args) {
        return run<result>(statement(sql.view(), args...), &detail::finish<detail::result_of>);
    }
    /// The same with parameters whose number is known as the program runs. Errors: usage_error unless they are as many as
    /// the highest placeholder says.
    future<result> execute(counted_sql sql, const arguments& given) {
        return run<result>(statement(sql.view(), given), &detail::finish<detail::result_of>);
    }

    /// Runs one statement and returns its rows as T: a scalar, a tuple or pair by position, or a plain aggregate whose
    /// members are matched to the columns by name. Errors: decode_error, null_error.
    template <class T, class... Args>
        requires(detail::is_value<Args> && ...)
    future<std::vector<T>> fetch(sql_for<Args...> sql, Args&&... args) {
        if constexpr (detail::fetchable_row<T>::is_allowed)
            return run<std::vector<T>>(statement(sql.view(), args...), &detail::finish<detail::rows_of<T>>);
    }
    template <class T>
    future<std::vector<T>> fetch(counted_sql sql, const arguments& given) {
        if constexpr (detail::fetchable_row<T>::is_allowed)
            return run<std::vector<T>>(statement(sql.view(), given), &detail::finish<detail::rows_of<T>>);
    }

    /// As `fetch`, for a statement that returns exactly one row. Errors: row_count_error.
    template <class T, class... Args>
        requires(detail::is_value<Args> && ...)
    future<T> fetch_one(sql_for<Args...> sql, Args&&... args) {
        if constexpr (detail::fetchable_row<T>::is_allowed)
            return run<T>(statement(sql.view(), args...), &detail::finish<detail::one_of<T>>);
    }
    template <class T>
    future<T> fetch_one(counted_sql sql, const arguments& given) {
        if constexpr (detail::fetchable_row<T>::is_allowed)
            return run<T>(statement(sql.view(), given), &detail::finish<detail::one_of<T>>);
    }

    /// As `fetch`, for a statement that returns at most one row. Errors: row_count_error.
    template <class T, class... Args>
        requires(detail::is_value<Args> && ...)
    future<std::optional<T>> fetch_optional(sql_for<Args...> sql, Args&&... args) {
        if constexpr (detail::fetchable_row<T>::is_allowed)
            return run<std::optional<T>>(statement(sql.view(), args...), &detail::finish<detail::optional_of<T>>);
    }
    template <class T>
    future<std::optional<T>> fetch_optional(counted_sql sql, const arguments& given) {
        if constexpr (detail::fetchable_row<T>::is_allowed)
            return run<std::optional<T>>(statement(sql.view(), given), &detail::finish<detail::optional_of<T>>);
    }

    /// Runs one statement for every element of `rows`, pipelined, and returns the number of rows that all of them
    /// affected. An element is a tuple, a pair, a plain aggregate (its members in order) or a single value. All succeed
    /// or none does, unless a transaction is open already. Errors: server_error of the first that fails, whose
    /// `element()` says which.
    template <std::ranges::input_range Rows>
    future<std::uint64_t> execute_many(sql_for_each<Rows> sql, Rows&& rows) {
        auto u = one_for_each(sql.view(), rows);
        u->keeps_results = false;
        return run<std::uint64_t>(std::move(u), &detail::finish_count);
    }

    /// As `execute_many`, for a statement that returns rows, INSERT ... RETURNING for instance: returns those of all
    /// elements, in the order of `rows`. Errors: as well those of `fetch`.
    template <class T, std::ranges::input_range Rows>
    future<std::vector<T>> fetch_many(sql_for_each<Rows> sql, Rows&& rows) {
        if constexpr (detail::fetchable_row<T>::is_allowed)
            return run<std::vector<T>>(one_for_each(sql.view(), rows), &detail::finish_all_rows<T>);
    }

    /// Runs any number of statements without parameters, in one implicit transaction unless the script says BEGIN.
    /// Waits for what is queued before, and holds up what is queued behind. Their rows are thrown away.
    future<void> execute_script(script_sql sql) {
        auto u = self().runner().make_unit(self().options(), sql.view().where(), self().within());
        u->add(sql.view(), 0);
        u->exclusive = &detail::ops::script;
        return run<void>(std::move(u), &detail::finish_nothing);
    }

    /// A batch of statements to fill and run in one round trip.
    basic_pipeline<Runner> pipeline() { return {self().runner(), self().options(), self().within()}; }

    /// Calls a function and returns its one row; OUT parameters are columns.
    template <class T, class... Args>
        requires(!std::is_void_v<T>)
    future<T> call(function_name name, Args&&... args) {
        const unchecked_sql text = call_of(name, sizeof...(Args));
        return fetch_one<T>(sql_for<Args...>{text}, std::forward<Args>(args)...);
    }

    /// Calls a function that returns void; what another one returns is dropped.
    template <class T, class... Args>
        requires std::is_void_v<T>
    future<void> call(function_name name, Args&&... args) {
        const unchecked_sql text =
            call_of(name, detail::count_awaited_arguments<detail::is_awaited<Runner>, Args...>());
        return run<void>(statement(sql_view{text}, args...), &detail::finish_nothing);
    }

 private:
    Self& self() noexcept { return static_cast<Self&>(*this); }

    static unchecked_sql call_of(const function_name& name, std::size_t arguments) {
        std::string sql = "SELECT * FROM " + std::string{name.text()} + "(";
        for (std::size_t i = 1; i <= arguments; ++i) sql += (i == 1 ? "$" : ", $") + std::to_string(i);
        return unchecked_sql{sql + ")", name.where()};
    }

    template <class... Args>
    detail::unit_ptr statement(const sql_view& sql, const Args&... args) {
        auto u = self().runner().make_unit(self().options(), sql.where(), self().within());
        u->add(sql, detail::count_of(args...));
        detail::at_site(*u, 0, [&] { detail::encode(u->parameters, sql, args...); });
        return u;
    }

    /// The statement once for each of `rows`.
    template <class Rows>
    detail::unit_ptr one_for_each(const sql_view& sql, const Rows& rows) {
        auto u = self().runner().make_unit(self().options(), sql.where(), self().within());
        u->is_repeated = true;
        for (const auto& row : rows) {
            if (u->commands.empty())
                u->add(sql, detail::parameter_count<std::ranges::range_value_t<Rows>>());
            else
                u->add_again();
            detail::at_site(*u, u->commands.size() - 1, [&] {
                detail::for_each_parameter(row, [&](const auto& value) { u->parameters.add(value); });
            });
        }
        return u;
    }

    template <class T>
    future<T> run(detail::unit_ptr&& u, T (*finish)(detail::unit&)) {
        return self().runner().template run<T>(std::move(u), finish);
    }
};

}  // namespace coropg
