// What coropg does is told to spdlog: connections at info, every statement at debug, losses at warning and error.

#include "example.hpp"

#include <coropg/coropg.hpp>

#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

asio::awaitable<void> logging() {
    // Until a logger is set, warnings and errors go where spdlog's default logger writes.
    const auto last_lines = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(100);
    const auto logger = std::make_shared<spdlog::logger>("coropg", last_lines);
    logger->set_level(spdlog::level::debug);
    coropg::set_logger(logger);

    coropg::connection conn = co_await coropg::connect(dsn());
    co_await conn.execute("CREATE TEMP TABLE accounts (owner text, pin text)");
    co_await conn.execute("INSERT INTO accounts VALUES ($1, $2)", "Alice", "4711");
    co_await conn.close();
    coropg::set_logger(nullptr);  // silence

    std::string log;
    for (const std::string& line : last_lines->last_formatted()) log += line;
    std::cout << log;
    expect(log.find("connected to") != std::string::npos);
    expect(log.find("INSERT INTO accounts VALUES ($1, $2)") != std::string::npos);
    expect(log.find("13_logging.cpp") != std::string::npos);  // who asked
    expect(log.find("4711") == std::string::npos);            // but no values
}

int main() { return run(logging()); }
