// A small server on Asio: a session for each client, all of them on one connection, which pipelines what they ask.

#include "example.hpp"

#include <coropg/coropg.hpp>

#include <boost/asio.hpp>

using asio::ip::tcp, asio::use_awaitable;

auto into(boost::system::error_code& error) { return asio::redirect_error(use_awaitable, error); }  // not thrown

/// Answers each line, a number, with its square, until the client hangs up.
asio::awaitable<void> session(tcp::socket client, std::shared_ptr<coropg::connection> db) {
    std::string input;
    boost::system::error_code ended;
    while (true) {
        const auto size = co_await asio::async_read_until(client, asio::dynamic_buffer(input), '\n', into(ended));
        if (ended) co_return;
        const std::string_view line{input.data(), size - 1};
        std::string answer;
        try {
            answer = co_await db->fetch_one<std::string>("SELECT ($1::int * $1::int)::text", line) + '\n';
        } catch (const coropg::errors::data_exception& e) {
            answer = "error " + std::string{e.sqlstate()} + '\n';
        }
        input.erase(0, size);
        co_await asio::async_write(client, asio::buffer(answer), use_awaitable);
    }
}

/// Ends when the acceptor is destroyed.
asio::awaitable<void> serve(tcp::acceptor& acceptor, std::shared_ptr<coropg::connection> db) {
    boost::system::error_code closed;
    while (true) {
        tcp::socket client = co_await acceptor.async_accept(into(closed));
        if (closed) co_return;
        asio::co_spawn(acceptor.get_executor(), session(std::move(client), db), asio::detached);
    }
}

asio::awaitable<std::string> ask(tcp::endpoint server, std::string question) {
    tcp::socket socket{co_await asio::this_coro::executor};
    co_await socket.async_connect(server, use_awaitable);
    co_await asio::async_write(socket, asio::buffer(question), use_awaitable);
    std::string answer;
    co_await asio::async_read_until(socket, asio::dynamic_buffer(answer), '\n', use_awaitable);
    co_return answer;
}

asio::awaitable<void> server() {
    const auto db = std::make_shared<coropg::connection>(co_await coropg::connect(dsn()));
    tcp::acceptor acceptor{co_await asio::this_coro::executor, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    asio::co_spawn(acceptor.get_executor(), serve(acceptor, db), asio::detached);
    const auto here = acceptor.local_endpoint();
    auto [square, wrong] = co_await coropg::gather(ask(here, "6\n"), ask(here, "six\n"));
    expect(square == "36\n" && wrong == "error 22P02\n");
}

int main() { return run(server()); }
