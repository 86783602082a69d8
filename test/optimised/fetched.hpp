// What a program built with -O2 reads: every type of docs/types.md as a value, as a member, as an optional and in a
// vector, on both faces. One file a family of types: the ctest `optimised.compile_costs` bounds what each costs the
// compiler. What needs no type is in fetched.cpp.
#pragma once

#include <coropg/coropg.hpp>
#include <coropg/sync.hpp>

#include <boost/test/unit_test.hpp>

#include "../support/samples/sample.hpp"

namespace coropg::test {

/// A row of every place that a type can have in a struct.
template <class T>
struct places {
    T value;
    std::optional<T> none;
    std::vector<std::optional<T>> list;
};

/// The same of a type that cannot be an element of an array.
template <class T>
struct scalar_places {
    T value;
    std::optional<T> none;
    std::optional<T> some;
};

/// Whether a type can be an element of an array.
template <class T>
inline constexpr bool is_element = detail::sendable_element<T>;

template <class T>
using places_of = std::conditional_t<is_element<T>, places<T>, scalar_places<T>>;

/// Values go to the server as parameters of a type, and are read back.
class reader_of_all {
 public:
    reader_of_all();
    ~reader_of_all();

    /// A connection of each face.
    connection& async();
    sync::connection& blocking();
    /// Whether both connections can use the extension; the case is skipped if not.
    bool has(const std::string& extension);
    void execute_script(const std::string& script);

    /// Three values of one seed.
    template <class T>
    void fetch(const std::string& type) {
        source from{std::uint64_t{1}};
        for (int i = 0; i < 3; ++i) fetch(type, sample<T>::make(from));
    }
    template <class T>
    void fetch(const std::string& type, const T& sent) {
        const statements sql = selects(type, is_element<T>);
        run(read_by_async(sql, sent));
        check(type, sent, blocking().fetch_one<T>(sql.one, sent), blocking().fetch<places_of<T>>(sql.row, sent));
    }

 private:
    struct statements {
        std::string type;
        unchecked_sql one;
        unchecked_sql row;
    };

    static statements selects(const std::string& type, bool as_element);
    void run(boost::asio::awaitable<void> work);

    template <class T>
    boost::asio::awaitable<void> read_by_async(const statements& sql, const T& sent) {
        const T value = co_await async().fetch_one<T>(sql.one, sent);
        check(sql.type, sent, value, co_await async().fetch<places_of<T>>(sql.row, sent));
    }

    template <class T>
    static void check(const std::string& type, const T& sent, const T& value, const std::vector<places_of<T>>& rows) {
        const std::string expected = sample<T>::print(sent);
        is_same(type, expected, sample<T>::print(value));
        is_true(type, rows.size() == 1 && !rows[0].none);
        is_same(type, expected, sample<T>::print(rows[0].value));
        if constexpr (is_element<T>) {
            is_true(type, rows[0].list.size() == 2 && rows[0].list[0] && !rows[0].list[1]);
            is_same(type, expected, sample<T>::print(*rows[0].list[0]));
        } else {
            is_same(type, expected, sample<T>::print(rows[0].some.value()));
        }
    }
    static void is_true(const std::string& type, bool holds);
    static void is_same(const std::string& type, const std::string& expected, const std::string& read);

    struct connections;
    std::unique_ptr<connections> connections_;
};

}  // namespace coropg::test
