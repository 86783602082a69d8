// The forms that may stand in an expression with co_await although GCC 12 miscompiles others there: it destroys
// temporary aggregates with non-trivial members, and closures that capture such by value, twice. Everything that the
// library asks its users to write has to be one of these. Run under AddressSanitizer; without it the live objects are
// counted.
//
// One defect remains that no signature can avoid. With GCC 12.2 a coroutine that has no variable in its outermost block
// and awaits in the condition of an `if`, `while` or `switch` crashes when it is resumed. Name the result first.
#include <coropg/conninfo.hpp>
#include <coropg/detail/closure_guard.hpp>
#include <coropg/options.hpp>
#include <coropg/sql.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

static_assert(std::is_aggregate_v<coropg::call_options> && std::is_trivially_destructible_v<coropg::call_options>);
static_assert(!std::is_aggregate_v<coropg::conninfo> && !std::is_aggregate_v<coropg::unchecked_sql>);

int failures = 0;

void check(bool holds, std::source_location where = std::source_location::current()) {
    if (holds) return;
    std::printf("%s:%u failed\n", where.file_name(), static_cast<unsigned>(where.line()));
    ++failures;
}

/// Counts its objects, and owns memory that is freed twice when it is destroyed twice.
class counted {
 public:
    explicit counted(std::string text) : text_{std::move(text)} { ++alive; }
    counted(const counted& other) : text_{other.text_} { ++alive; }
    counted(counted&& other) noexcept : text_{std::move(other.text_)} { ++alive; }
    counted& operator=(const counted&) = delete;
    ~counted() { --alive; }

    [[nodiscard]] const std::string& text() const { return text_; }

    static inline int alive = 0;

 private:
    std::string text_;
};

struct user {
    int id;
    counted name;
};

std::string on_the_heap() { return "a text that does not fit into the string object itself"; }

asio::awaitable<void> suspend() { co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable); }

template <class T>
asio::awaitable<T> later(T value) {
    co_await suspend();
    co_return value;
}

asio::awaitable<std::string> connect(coropg::conninfo info) {
    co_await suspend();
    co_return std::string{info.get("host")};
}

asio::awaitable<std::chrono::milliseconds> with(coropg::call_options options) {
    co_await suspend();
    co_return options.timeout;
}

/// As the verbs of a connection: a plain function that copies before it returns.
template <class... Args>
asio::awaitable<std::tuple<std::string, std::remove_cvref_t<Args>...>> execute(coropg::basic_sql<sizeof...(Args)> sql,
                                                                               Args&&... args) {
    (coropg::detail::require_safe_argument<Args>(), ...);
    return later(std::tuple<std::string, std::remove_cvref_t<Args>...>{sql.view().text(), args...});
}

/// As a pipeline: what it takes is not awaited.
struct batch {
    template <class... Args>
    void execute(const Args&... args) {
        (texts.push_back(args.name.text()), ...);
    }

    std::vector<std::string> texts;
};

template <class F>
asio::awaitable<std::string> run(F work) {
    co_await suspend();
    co_return co_await work(7);
}

template <class F>
asio::awaitable<std::string> transaction(F&& work) {
    coropg::detail::require_safe_closure<F>();
    return run(std::forward<F>(work));
}

template <class T>
asio::awaitable<T> with_default(T value, std::string more = on_the_heap()) {
    co_await suspend();
    check(more == on_the_heap());
    co_return value;
}

asio::awaitable<void> trivial_aggregate() {
    check(co_await with({.timeout = 200ms, .prepare = coropg::prepare::never}) == 200ms);
    check(co_await with({}) == 0ms);
}

asio::awaitable<void> class_with_constructors() {
    check(co_await connect("host=db.example application_name='a name that does not fit into the object'") ==
          "db.example");
    check(co_await connect(coropg::conninfo{}.host("db").port(5432).application_name(on_the_heap())) == "db");
    check((co_await later(counted{on_the_heap()})).text() == on_the_heap());
}

asio::awaitable<void> pack_of_temporaries() {
    const auto bound = co_await execute("SELECT $1, $2, $3", on_the_heap(), 7, counted{on_the_heap()});
    check(std::get<1>(bound) == on_the_heap() && std::get<2>(bound) == 7);
    check(std::get<3>(bound).text() == on_the_heap());
}

asio::awaitable<void> named_aggregate_and_list() {
    const user alice{1, counted{on_the_heap()}};
    const std::array<std::string, 2> texts{on_the_heap(), "b"};
    const std::vector<std::string> list{"a", on_the_heap()};
    const auto bound = co_await execute("SELECT $1, $2, $3", alice, texts, list);
    check(std::get<1>(bound).name.text() == on_the_heap() && std::get<2>(bound) == texts && std::get<3>(bound) == list);
}

asio::awaitable<void> aggregate_outside_of_co_await() {
    batch entries;
    entries.execute(user{1, counted{on_the_heap()}}, user{2, counted{"b"}});
    co_await suspend();
    check(entries.texts == std::vector<std::string>{on_the_heap(), "b"});
}

asio::awaitable<void> composed_sql() {
    const std::string name = on_the_heap();
    check(std::get<0>(co_await execute(coropg::unchecked_sql{"TABLE " + name})) == "TABLE " + name);
    const auto composed = co_await execute(coropg::sql::text("SELECT ") + coropg::sql::literal(name));
    check(std::get<0>(composed) == "SELECT '" + name + "'");
}

asio::awaitable<void> closure_that_captures_by_reference() {
    const counted local{on_the_heap()};
    const std::string text = co_await transaction([&](int times) -> asio::awaitable<std::string> {
        check(times == 7);
        co_return co_await later(local.text());
    });
    check(text == on_the_heap());
}

asio::awaitable<void> named_closure() {
    const auto work = [owned = counted{on_the_heap()}](int) -> asio::awaitable<std::string> {
        co_return co_await later(owned.text());
    };
    check(co_await transaction(work) == on_the_heap());
}

asio::awaitable<void> structured_binding() {
    const auto [text, number, object] = co_await execute("SELECT $1, $2", 7, counted{on_the_heap()});
    check(text == "SELECT $1, $2" && number == 7 && object.text() == on_the_heap());
}

asio::awaitable<void> optional_and_unique_ptr() {
    const auto maybe = co_await later(std::optional<counted>{on_the_heap()});
    check(maybe && maybe->text() == on_the_heap());
    const auto pointer = co_await later(std::make_unique<counted>(on_the_heap()));
    check(pointer && pointer->text() == on_the_heap());
    check(!co_await later(std::optional<counted>{}));
}

asio::awaitable<void> aggregate_as_result() {
    user alice{1, counted{on_the_heap()}};
    const user same = co_await later(std::move(alice));
    check(same.id == 1 && same.name.text() == on_the_heap());
    auto unstarted = later(same);
    check((co_await std::move(unstarted)).name.text() == on_the_heap());
}

asio::awaitable<void> several_in_one_expression() {
    const auto both = std::tuple{co_await later(counted{on_the_heap()}), co_await later(counted{on_the_heap()})};
    check(std::get<0>(both).text() == std::get<1>(both).text());
    check(co_await later((co_await later(counted{on_the_heap()})).text()) == on_the_heap());
}

asio::awaitable<void> default_argument() {
    check((co_await with_default(counted{on_the_heap()})).text() == on_the_heap());
}

asio::awaitable<void> condition_behind_a_variable() {
    int count = 0;
    if (co_await later(true)) ++count;
    while (co_await later(count) < 3) ++count;
    check(count == 3);
}

}  // namespace

int main() {
    asio::io_context loop;
    for (const auto form : {trivial_aggregate, class_with_constructors, pack_of_temporaries, named_aggregate_and_list,
                            aggregate_outside_of_co_await, composed_sql, closure_that_captures_by_reference,
                            named_closure, structured_binding, optional_and_unique_ptr, aggregate_as_result,
                            several_in_one_expression, default_argument, condition_behind_a_variable}) {
        asio::co_spawn(loop, form(), [](const std::exception_ptr& error) { check(!error); });
        check(loop.run() > 0);
        check(counted::alive == 0);
        loop.restart();
    }
    return failures == 0 ? 0 : 1;
}
