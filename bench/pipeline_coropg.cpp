// Pipelines of coropg's asynchronous face.
// Usage: pipeline_coropg insert | select

#include "pipeline.hpp"

#include <coropg/coropg.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>

namespace asio = boost::asio;

namespace {

asio::awaitable<void> insert_all(coropg::connection& conn, const std::vector<bench::entry>& entries,
                                 bench::stopwatch& watch) {
    const auto started = bench::clock::now();
    coropg::pipeline all = conn.pipeline();
    for (const bench::entry& e : entries) all.execute(bench::insert_entry, e.id, e.name);
    co_await all.run();
    for (std::size_t i = 0; i < entries.size(); ++i) watch.lap("1", started);
}

asio::awaitable<void> select_all(coropg::connection& conn, std::span<const int> ids, bench::stopwatch& watch) {
    std::vector<coropg::pipelined<std::string>> names;
    names.reserve(bench::pipeline_depth);
    while (!ids.empty()) {
        const auto started = bench::clock::now();
        coropg::pipeline some = conn.pipeline();
        for (const int id : bench::next_ids(ids)) names.push_back(some.fetch_one<std::string>(bench::select_name, id));
        co_await some.run();
        for (auto& name : names) watch.lap(name.get(), started);
        names.clear();
    }
}

// The runner's orders are read blocking: between two rounds the loop has nothing else to do.
asio::awaitable<void> contest(bool inserts) {
    coropg::connection conn = co_await coropg::connect(bench::dsn());
    co_await conn.execute(bench::create_entries);
    bench::announce("coropg, a pipeline");
    while (const auto round = bench::next_round()) {
        const std::vector<int> ids = bench::random_ids(*round);
        const std::vector<bench::entry> entries = bench::entries_of(inserts, ids);
        co_await conn.execute(bench::truncate_entries);
        bench::stopwatch watch{ids.size()};
        if (inserts)
            co_await insert_all(conn, entries, watch);
        else
            co_await select_all(conn, ids, watch);
        watch.print();
    }
    co_await conn.close();
}

}  // namespace

int main(int argc, char** argv) {
    asio::io_context loop{1};
    asio::co_spawn(loop, contest(bench::inserts(argc, argv)), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
    loop.run();
}
