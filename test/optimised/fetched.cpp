#include "fetched.hpp"

#include "../support/extension.hpp"

namespace coropg::test {

struct reader_of_all::connections {
    async_face loop;
    connection async = loop.connect();
    sync::connection blocking = sync::connect(dsn());
};

reader_of_all::reader_of_all() : connections_{std::make_unique<connections>()} {}

reader_of_all::~reader_of_all() = default;

connection& reader_of_all::async() { return connections_->async; }

sync::connection& reader_of_all::blocking() { return connections_->blocking; }

bool reader_of_all::has(const std::string& extension) {
    sync_face face;
    return has_extension(face, blocking(), extension);
}

void reader_of_all::execute_script(const std::string& script) {
    run(async().execute_script(unchecked_sql{script}));
    blocking().execute_script(unchecked_sql{script});
}

auto reader_of_all::selects(const std::string& type, bool as_element) -> statements {
    const std::string value = "$1::" + type;
    return {type, unchecked_sql{"SELECT " + value},
            unchecked_sql{"SELECT NULL::" + type + " AS none, " + value + " AS value, " +
                          (as_element ? "ARRAY[" + value + ", NULL] AS list" : value + " AS some")}};
}

void reader_of_all::run(asio::awaitable<void> work) { connections_->loop.run(std::move(work)); }

void reader_of_all::is_true(const std::string& type, bool holds) { BOOST_REQUIRE_MESSAGE(holds, type); }

void reader_of_all::is_same(const std::string& type, const std::string& expected, const std::string& read) {
    BOOST_TEST(read == expected, type << ": sent " << expected << ", read " << read);
}

}  // namespace coropg::test
