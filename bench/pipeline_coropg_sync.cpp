// Pipelines of coropg's blocking face.
// Usage: pipeline_coropg_sync insert | select

#include "pipeline.hpp"

#include <coropg/sync.hpp>

namespace {

void insert_all(coropg::sync::connection& conn, const std::vector<bench::entry>& entries, bench::stopwatch& watch) {
    const auto started = bench::clock::now();
    coropg::sync::pipeline all = conn.pipeline();
    for (const bench::entry& e : entries) all.execute(bench::insert_entry, e.id, e.name);
    all.run();
    for (std::size_t i = 0; i < entries.size(); ++i) watch.lap("1", started);
}

void select_all(coropg::sync::connection& conn, std::span<const int> ids, bench::stopwatch& watch) {
    std::vector<coropg::pipelined<std::string>> names;
    names.reserve(bench::pipeline_depth);
    while (!ids.empty()) {
        const auto started = bench::clock::now();
        coropg::sync::pipeline some = conn.pipeline();
        for (const int id : bench::next_ids(ids)) names.push_back(some.fetch_one<std::string>(bench::select_name, id));
        some.run();
        for (auto& name : names) watch.lap(name.get(), started);
        names.clear();
    }
}

}  // namespace

int main(int argc, char** argv) {
    const bool inserts = bench::inserts(argc, argv);
    coropg::sync::connection conn = coropg::sync::connect(bench::dsn());
    conn.execute(bench::create_entries);
    bench::announce("coropg::sync, a pipeline");
    while (const auto round = bench::next_round()) {
        const std::vector<int> ids = bench::random_ids(*round);
        const std::vector<bench::entry> entries = bench::entries_of(inserts, ids);
        conn.execute(bench::truncate_entries);
        bench::stopwatch watch{ids.size()};
        if (inserts)
            insert_all(conn, entries, watch);
        else
            select_all(conn, ids, watch);
        watch.print();
    }
    conn.close();
}
