// The first program: connect, ask one question, print the answer.

#include <coropg/coropg.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <cstdlib>
#include <iostream>

namespace asio = boost::asio;

struct greeting {  // its members are matched to the columns by name
    std::string text;
    int answer;
};

asio::awaitable<int> hello(std::string dsn) {
    coropg::connection conn = co_await coropg::connect(dsn);
    const greeting g = co_await conn.fetch_one<greeting>("SELECT 'Hello ' || $1 AS text, 6 * $2 AS answer", "world", 7);
    std::cout << g.text << ", the answer is " << g.answer << '\n';
    co_await conn.close();
    co_return g.answer;
}

int main() try {
    const char* const dsn = std::getenv("COROPG_DSN");  // such as "postgresql://user@host/database"
    asio::io_context loop;
    std::future<int> answer = asio::co_spawn(loop, hello(dsn == nullptr ? "" : dsn), asio::use_future);
    loop.run();
    return answer.get() == 42 ? EXIT_SUCCESS : EXIT_FAILURE;
} catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return EXIT_FAILURE;
}
