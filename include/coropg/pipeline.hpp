// Explicit pipelines: many statements in one round trip.
#pragma once

#include <coropg/arguments.hpp>
#include <coropg/detail/drivers/runner.hpp>
#include <coropg/detail/session/finish.hpp>
#include <coropg/detail/values/argument_checks.hpp>
#include <coropg/detail/values/row_checks.hpp>
#include <coropg/sql_text.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace coropg {

namespace detail {

/// The place for what a statement of a pipeline returns.
class pipeline_slot {
 public:
    virtual ~pipeline_slot() = default;
    /// Reads the answer to the statement at `index`, once it is there.
    virtual void read(unit& u, std::size_t index) noexcept = 0;
    /// The unit has ended. Returns why what the statement at `index` returned cannot be had, or null.
    virtual std::exception_ptr complete(unit& u, std::size_t index) = 0;
    /// Whether the answer is looked into even when nobody is there to get it: rows may not be what they should be.
    [[nodiscard]] virtual bool checks_answer() const noexcept = 0;
};

template <class T>
class typed_slot : public pipeline_slot {
 public:
    T take() {
        if (!is_complete_ || outcome_.index() == 0)
            throw usage_error{"the pipeline has not run, or the value was taken already"};
        if (const auto* const problem = std::get_if<std::exception_ptr>(&outcome_)) std::rethrow_exception(*problem);
        T value = std::get<T>(std::move(outcome_));
        outcome_ = std::monostate{};
        return value;
    }

 protected:
    std::variant<std::monostate, std::exception_ptr, T> outcome_;
    bool is_complete_ = false;  // its Sync was answered: until then the server may still take back what it did
};

/// One whose value is `Of(unit, index)`.
template <class T, auto Of>
class mapped_slot final : public typed_slot<T> {
 public:
    void read(unit& u, std::size_t index) noexcept override {
        try {
            this->outcome_ = Of(u, index);
        } catch (...) {
            this->outcome_ = std::current_exception();
        }
        u.own(index).answer = {};  // value and result are both there for one statement at a time
    }
    std::exception_ptr complete(unit& u, std::size_t index) override {
        this->is_complete_ = true;
        try {
            u.throw_failure_of(index);
            // what was read before the unit was run again has been rolled back
            if (u.own(index).answer.native_handle() != nullptr) read(u, index);
        } catch (...) {
            this->outcome_ = std::current_exception();
        }
        const auto* const problem = std::get_if<std::exception_ptr>(&this->outcome_);
        return problem == nullptr ? nullptr : *problem;
    }
    [[nodiscard]] bool checks_answer() const noexcept override { return !std::is_same_v<T, result>; }
};

/// The slots of the statements up to one Sync, but for those that nobody gets.
class pipeline_scope final : public receiver {
 public:
    void answer(unit& u, std::size_t index) noexcept override;
    /// Returns the first error.
    std::exception_ptr complete(unit& u);
    /// A slot for the statement that was added last to `u`: the last one again, if nobody has its handle any more.
    template <class T, auto Of>
    std::shared_ptr<typed_slot<T>> add_slot(unit& u) {
        std::shared_ptr<typed_slot<T>> slot;
        if constexpr (std::is_same_v<T, result>)
            if (!slots_.empty() && drop(u, slots_.back())) {
                slot = std::static_pointer_cast<typed_slot<T>>(std::move(slots_.back().place));
                slots_.pop_back();
            }
        if (!slot) slot = std::make_shared<mapped_slot<T, Of>>();
        slots_.push_back({u.commands.size() - 1, slot});
        return slot;
    }
    /// Without a handle, a result need not be kept.
    void drop_what_nobody_gets(unit& u);

 private:
    struct numbered_slot {
        std::size_t index;
        std::shared_ptr<pipeline_slot> place;
    };

    static bool drop(unit& u, const numbered_slot& slot);

    std::vector<numbered_slot> slots_;  // in the order of their statements
    std::size_t next_ = 0;              // whose answer comes next, unless the unit is run again
};

}  // namespace detail

/// The future result of a statement of a pipeline, there once that has run.
template <class T>
class pipelined {
 public:
    explicit pipelined(std::shared_ptr<detail::typed_slot<T>> slot) noexcept : slot_{std::move(slot)} {}

    /// Takes the value, once. Errors: the statement's own; pipeline_aborted when another one between the same two sync
    /// points failed, so that this was not executed, or was rolled back; usage_error before `run()`.
    T get() {
        if (!slot_) throw usage_error{"the handle of a pipeline's statement was moved from"};
        return slot_->take();
    }

 private:
    std::shared_ptr<detail::typed_slot<T>> slot_;
};

/// A batch of statements, sent in one go. Those between two sync points are one implicit transaction, unless one is
/// open: all succeed, or none has an effect. Arguments are encoded when a statement is added.
template <detail::runner Runner>
class basic_pipeline {
 public:
    template <class T>
    using future = typename Runner::template future<T>;

    basic_pipeline(Runner runner, call_options options, std::shared_ptr<detail::scope> within)
        : runner_{std::move(runner)}, options_{options}, within_{std::move(within)} {}

    template <class... Args>
        requires(detail::is_value<Args> && ...)
    pipelined<result> execute(basic_sql<detail::count_arguments<Args...>()> sql, const Args&... args) {
        return add<result, &detail::result_of>(sql.view(), args...);
    }
    pipelined<result> execute(counted_sql sql, const arguments& given) {
        return add<result, &detail::result_of>(sql.view(), given);
    }
    template <class T, class... Args>
        requires(detail::is_value<Args> && ...)
    pipelined<std::vector<T>> fetch(basic_sql<detail::count_arguments<Args...>()> sql, const Args&... args) {
        if constexpr (detail::fetchable_row<T>::is_allowed)
            return add<std::vector<T>, &detail::rows_of<T>>(sql.view(), args...);
    }
    template <class T>
    pipelined<std::vector<T>> fetch(counted_sql sql, const arguments& given) {
        if constexpr (detail::fetchable_row<T>::is_allowed)
            return add<std::vector<T>, &detail::rows_of<T>>(sql.view(), given);
    }
    /// Errors: row_count_error, by `get()`, unless there is exactly one row.
    template <class T, class... Args>
        requires(detail::is_value<Args> && ...)
    pipelined<T> fetch_one(basic_sql<detail::count_arguments<Args...>()> sql, const Args&... args) {
        if constexpr (detail::fetchable_row<T>::is_allowed) return add<T, &detail::one_of<T>>(sql.view(), args...);
    }
    template <class T>
    pipelined<T> fetch_one(counted_sql sql, const arguments& given) {
        if constexpr (detail::fetchable_row<T>::is_allowed) return add<T, &detail::one_of<T>>(sql.view(), given);
    }
    /// Errors: row_count_error, by `get()`, for more than one row.
    template <class T, class... Args>
        requires(detail::is_value<Args> && ...)
    pipelined<std::optional<T>> fetch_optional(basic_sql<detail::count_arguments<Args...>()> sql, const Args&... args) {
        if constexpr (detail::fetchable_row<T>::is_allowed)
            return add<std::optional<T>, &detail::optional_of<T>>(sql.view(), args...);
    }
    template <class T>
    pipelined<std::optional<T>> fetch_optional(counted_sql sql, const arguments& given) {
        if constexpr (detail::fetchable_row<T>::is_allowed)
            return add<std::optional<T>, &detail::optional_of<T>>(sql.view(), given);
    }

    /// Ends one scope of errors, and begins the next. A scope whose prepared statements are out of date is run again,
    /// behind those that were sent already.
    void sync() { is_open_ = false; }

    /// Runs what was added since the last time. Its `timeout` is for all of it. Errors: the first of any statement,
    /// once all have ended.
    future<void> run() {
        for (std::size_t i = 0; i < units_.size(); ++i) {
            scopes_[i]->drop_what_nobody_gets(*units_[i]);
            units_[i]->receiver = scopes_[i];
            units_[i]->set_deadline(options_);
        }
        const auto batch = std::make_shared<scopes>(std::exchange(scopes_, {}));
        is_open_ = false;
        return Runner::run_all(runner_, std::exchange(units_, {}),
                               [batch, first = std::make_shared<std::exception_ptr>()](std::size_t i, detail::unit& u) {
                                   if (const auto problem = (*batch)[i]->complete(u); problem && !*first)
                                       *first = problem;
                                   if (i + 1 == batch->size() && *first) std::rethrow_exception(*first);
                               });
    }

 private:
    using scopes = std::vector<std::shared_ptr<detail::pipeline_scope>>;

    template <class T, auto Of, class... Args>
    pipelined<T> add(const sql_view& sql, const Args&... args) {
        if (!is_open_) {
            units_.push_back(runner_.make_unit(options_, sql.where(), within_));
            scopes_.push_back(std::make_shared<detail::pipeline_scope>());
            is_open_ = true;
        }
        detail::unit& u = *units_.back();
        u.add(sql, detail::count_of(args...));
        try {
            detail::at_site(u, u.commands.size() - 1, [&] { detail::encode(u.parameters, sql, args...); });
            return pipelined<T>{scopes_.back()->template add_slot<T, Of>(u)};
        } catch (...) {
            u.fail(std::current_exception());  // nothing of it is sent
            throw;
        }
    }

    Runner runner_;
    call_options options_;
    std::shared_ptr<detail::scope> within_;
    std::vector<detail::unit_ptr> units_;
    scopes scopes_;
    bool is_open_ = false;
};

}  // namespace coropg
