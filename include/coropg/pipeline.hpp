// Explicit pipelines: many statements in one round trip.
#pragma once

#include <coropg/detail/finish.hpp>
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
    /// Takes what the statement at `index` has returned; returns why it cannot be had, or null.
    virtual std::exception_ptr settle(unit& u, std::size_t index) = 0;
    /// Whether the answer is looked into even when nobody is there to get it: rows may not be what they should be.
    [[nodiscard]] virtual bool checks_answer() const noexcept = 0;
};

template <class T>
class typed_slot : public pipeline_slot {
 public:
    T take() {
        if (outcome_.index() == 0) throw usage_error{"the pipeline has not run, or the value was taken already"};
        if (const auto* const problem = std::get_if<std::exception_ptr>(&outcome_)) std::rethrow_exception(*problem);
        T value = std::get<T>(std::move(outcome_));
        outcome_ = std::monostate{};
        return value;
    }

 protected:
    std::variant<std::monostate, std::exception_ptr, T> outcome_;
};

/// One whose value is `Of(unit, index)`.
template <class T, auto Of>
class mapped_slot final : public typed_slot<T> {
 public:
    std::exception_ptr settle(unit& u, std::size_t index) override {
        try {
            u.throw_failure_of(index);
            this->outcome_ = Of(u, index);
            u.own(index).answer = {};  // value and result are both there for one statement at a time
            return nullptr;
        } catch (...) {
            this->outcome_ = std::current_exception();
            return std::current_exception();
        }
    }
    [[nodiscard]] bool checks_answer() const noexcept override { return !std::is_same_v<T, result>; }
};

}  // namespace detail

/// What a statement of a pipeline will have returned once that has run.
template <class T>
class pipelined {
 public:
    explicit pipelined(std::shared_ptr<detail::typed_slot<T>> slot) noexcept : slot_{std::move(slot)} {}

    /// Takes the value, once. Errors: the statement's own; pipeline_aborted when another one between the same two sync
    /// points failed, so that this was not executed, or was rolled back; usage_error before `run()`.
    T get() { return slot_->take(); }

 private:
    std::shared_ptr<detail::typed_slot<T>> slot_;
};

/// A batch of statements, sent in one go. Those between two sync points are one implicit transaction, unless one is open:
/// all succeed, or none has an effect. Arguments are encoded when a statement is added.
template <class Runner>
class basic_pipeline {
 public:
    template <class T>
    using future = typename Runner::template future<T>;

    basic_pipeline(Runner runner, call_options options, std::shared_ptr<detail::scope> within)
        : runner_{std::move(runner)}, options_{options}, within_{std::move(within)} {}

    template <class... Args>
    pipelined<result> execute(basic_sql<sizeof...(Args)> sql, const Args&... args) {
        return add<result, &detail::result_of>(sql.view(), args...);
    }
    template <detail::fetchable_row T, class... Args>
    pipelined<std::vector<T>> fetch(basic_sql<sizeof...(Args)> sql, const Args&... args) {
        return add<std::vector<T>, &detail::rows_of<T>>(sql.view(), args...);
    }
    /// Errors: row_count_error, by `get()`, unless there is exactly one row.
    template <detail::fetchable_row T, class... Args>
    pipelined<T> fetch_one(basic_sql<sizeof...(Args)> sql, const Args&... args) {
        return add<T, &detail::one_of<T>>(sql.view(), args...);
    }
    /// Errors: row_count_error, by `get()`, for more than one row.
    template <detail::fetchable_row T, class... Args>
    pipelined<std::optional<T>> fetch_optional(basic_sql<sizeof...(Args)> sql, const Args&... args) {
        return add<std::optional<T>, &detail::optional_of<T>>(sql.view(), args...);
    }

    /// Ends one scope of errors, and begins the next.
    void sync() { is_open_ = false; }

    /// Runs what was added since the last time. Its `timeout` is for all of it. Errors: the first of any statement, once
    /// all have ended.
    future<void> run() {
        drop_what_nobody_gets();
        const auto batch = std::make_shared<slots>(std::exchange(slots_, {}));
        for (const detail::unit_ptr& u : units_) u->set_deadline(options_);
        is_open_ = false;
        return Runner::run_all(runner_, std::exchange(units_, {}),
                               [batch, first = std::make_shared<std::exception_ptr>()](std::size_t i, detail::unit& u) {
                                   settle((*batch)[i], u, *first);
                                   if (i + 1 == batch->size() && *first) std::rethrow_exception(*first);
                               });
    }

 private:
    using slots = std::vector<std::vector<std::shared_ptr<detail::pipeline_slot>>>;

    template <class T, auto Of, class... Args>
    pipelined<T> add(const sql_view& sql, const Args&... args) {
        if (!is_open_) {
            units_.push_back(runner_.make_unit(options_, sql.where(), within_));
            slots_.emplace_back();
            is_open_ = true;
        }
        detail::unit& u = *units_.back();
        u.add(sql, sizeof...(Args));
        try {
            detail::at_site(u, u.commands.size() - 1, [&] { (u.parameters.add(args), ...); });
        } catch (...) {
            u.fail(std::current_exception());  // nothing of it is sent
            throw;
        }
        auto slot = std::make_shared<detail::mapped_slot<T, Of>>();
        slots_.back().push_back(slot);
        return pipelined<T>{std::move(slot)};
    }

    /// Without a handle, a result need not be kept.
    void drop_what_nobody_gets() {
        for (std::size_t u = 0; u < units_.size(); ++u)
            for (std::size_t i = 0; i < slots_[u].size(); ++i) {
                auto& slot = slots_[u][i];
                if (slot.use_count() > 1 || slot->checks_answer()) continue;
                slot.reset();
                units_[u]->own(i).is_wanted = false;
            }
    }

    static void settle(const slots::value_type& slots, detail::unit& u, std::exception_ptr& first) {
        std::exception_ptr here;
        for (std::size_t i = 0; i < slots.size(); ++i) {
            if (!slots[i]) continue;
            if (auto problem = slots[i]->settle(u, i); problem && !here) here = problem;
        }
        try {
            u.throw_failure();  // rather than that others were not executed for it
        } catch (...) {
            here = std::current_exception();
        }
        if (!first) first = here;
    }

    Runner runner_;
    call_options options_;
    std::shared_ptr<detail::scope> within_;
    std::vector<detail::unit_ptr> units_;
    slots slots_;
    bool is_open_ = false;
};

}  // namespace coropg
