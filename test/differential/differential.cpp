// coropg's codecs against the server's own idea of each type.
//
//   differential send     random values go out as parameters; what the server prints of each, and what comes back in
//                         binary, must be the value that was sent
//   differential receive  prints random values that the server made, for against_psycopg.py to compare: SQL that creates
//                         types, then a line "= NAME<tab>FORMATS<tab>SETSEED<tab>QUERY" for each type and one canonical
//                         line for each value
#include "../support/sampled_types.hpp"
#include "../support/skip_list.hpp"

#include <coropg/sync.hpp>

#include <cstdlib>
#include <iostream>

namespace coropg::test {
namespace {

struct settings {
    std::string_view mode;
    std::string_view type;  // this one only
    std::uint64_t seed = std::random_device{}();
    /// Values of each type. scripts/test --full makes it ten times as many.
    std::size_t count = std::getenv("COROPG_TEST_FULL") != nullptr ? 100'000 : 10'000;
};

sync::connection connect() {
    const char* const dsn = std::getenv("COROPG_DSN");
    if (dsn == nullptr) throw usage_error{"COROPG_DSN is not set: run by scripts/with-postgres or scripts/test"};
    sync::connection conn = sync::connect(conninfo{dsn});
    conn.execute_script("SET TIME ZONE 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'");
    return conn;
}

/// Creates the type's extension if the server can, else adds the type to the list of what was skipped. Another run may
/// do the same at the same time.
template <class T>
bool is_there(sync::connection& conn, const sampled<T>& type, const settings& run) {
    if (type.extension.empty()) return true;
    const std::string name{type.extension};
    const auto skip = [&](const std::string& reason) {
        add_to_skip_list((run.mode == "send" ? "differential.send/" : "differential.psycopg/") + std::string{type.name},
                         reason + " \"" + name + "\"");
        return false;
    };
    if (!conn.fetch_one<bool>("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = $1)", name))
        return skip("the server has no extension");
    conn.execute("SELECT pg_advisory_lock(hashtext($1))", name);
    try {
        conn.execute(unchecked_sql("CREATE EXTENSION IF NOT EXISTS " + name));
    } catch (const errors::insufficient_privilege&) {
        return skip("the role may not create the extension");
    }
    conn.execute("SELECT pg_advisory_unlock(hashtext($1))", name);
    return true;
}

// ---------------------------------------------------------------------------------------------------------- send

/// What the server printed of a value, and the value itself.
template <class T>
using answer = std::pair<std::string, T>;

template <class T>
std::vector<answer<T>> ask(sync::connection& conn, const std::string& type, const std::vector<T>& values) {
    if constexpr (detail::sendable_element<T>) {
        return conn.fetch<answer<T>>(
            unchecked_sql("SELECT format('%s', v), v FROM (SELECT unnest($1::" + type + "[]) AS v) AS sent"), values);
    } else {
        const std::string sql = "SELECT format('%s', $1::" + type + "), $1::" + type;
        std::vector<answer<T>> answers;
        for (const T& value : values) answers.push_back(conn.fetch_one<answer<T>>(unchecked_sql(sql), value));
        return answers;
    }
}

/// Why the answer is not the value that was sent; empty when it is.
template <class T>
std::string difference(const T& sent, const answer<T>& got, oid type) {
    const auto& [text, back] = got;
    const std::string expected = sample<T>::print(sent);
    if (sample<T>::print(back) != expected) return "came back as " + sample<T>::print(back);
    if constexpr (requires { sample<T>::text(sent); }) {
        if (sample<T>::text(sent) != text) return "printed by the server as " + text + ", not " + sample<T>::text(sent);
    }
    const T read = detail::decode<T>(field{text, type, format::text, {}});
    if (sample<T>::print(read) != expected) return "the server's " + text + " is read as " + sample<T>::print(read);
    return {};
}

/// Before version 15 the server cannot print an interval of more than 2^31 hours.
template <class T>
bool is_printable(const T& value, int server_version) {
    constexpr std::chrono::hours most{std::numeric_limits<std::int32_t>::max()};
    if (server_version >= 150000) return true;
    if constexpr (std::same_as<T, interval>)
        return is_printable(value.time, server_version);
    else if constexpr (std::same_as<T, std::chrono::microseconds>)
        return -most < value && value < most;
    else
        return true;
}

template <class T>
std::size_t send(sync::connection& conn, const sampled<T>& type, const settings& run) {
    constexpr std::size_t batch_size = 1000;
    constexpr std::size_t told = 5;
    source from{run.seed};
    std::size_t differing = 0;
    std::vector<T> batch;
    for (std::size_t done = 0; done < run.count; done += batch.size()) {
        batch.clear();
        while (batch.size() < std::min(batch_size, run.count - done)) {
            T value = sample<T>::make(from);
            if (is_printable(value, conn.server_version())) batch.push_back(std::move(value));
        }
        const std::vector<answer<T>> answers = ask(conn, std::string{type.name}, batch);
        if (answers.size() != batch.size()) throw usage_error{"the server did not answer each value"};
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const std::string problem = difference<T>(batch[i], answers[i], type.oid);
            if (!problem.empty() && ++differing <= told)
                std::cerr << type.name << " " << sample<T>::print(batch[i]) << ": " << problem << "\n";
        }
    }
    return differing;
}

bool send_all(const settings& run) {
    sync::connection conn = connect();
    conn.execute_script(create_named_types);
    std::size_t differing = 0;
    std::size_t types = 0;
    std::size_t skipped = 0;
    for_each_sampled_type([&]<class T>(const sampled<T>& type) {
        if (!run.type.empty() && run.type != type.name) return;
        if (!is_there(conn, type, run)) {
            ++skipped;
            return;
        }
        std::size_t here = run.count;
        try {
            here = send(conn, type, run);
        } catch (const error& e) {
            std::cerr << type.name << " as " << detail::type_name<T>() << ": " << e.what() << "\n";
        }
        if (here > 0) std::cerr << type.name << ": " << here << " of " << run.count << " values differ\n";
        differing += here;
        ++types;
    });
    std::cout << "seed " << run.seed << ": " << types << " types, " << run.count << " values of each sent, "
              << differing << " differ; " << skipped << " types skipped for want of their extension\n";
    return differing == 0;
}

// ------------------------------------------------------------------------------------------------------- receive

template <class T>
std::string printed(const sampled<T>& type, const T& value) {
    if constexpr (requires { sample<T>::text(value); }) {
        if (type.psycopg == in_python::text) return sample<std::string>::print(sample<T>::text(value));
    }
    return sample<T>::print(value);
}

void receive_all(const settings& run) {
    sync::connection conn = connect();
    const std::string setseed =
        "SELECT setseed(" + formatted("%.6f", static_cast<double>(run.seed % 1'000'000) / 1e6) + ")";
    conn.execute_script(create_named_types);
    std::cout << create_named_types;
    for_each_sampled_type([&]<class T>(const sampled<T>& type) {
        if (type.generator.empty() || (!run.type.empty() && run.type != type.name)) return;
        if (!is_there(conn, type, run)) return;
        const std::string sql = "SELECT (" + std::string{type.generator} + ")::" + std::string{type.name} +
                                " FROM generate_series(1, " + std::to_string(run.count) + ") AS g";
        conn.execute(unchecked_sql(setseed));
        std::cout << "= " << type.name << "\t" << (type.psycopg == in_python::value ? "text binary" : "text") << "\t"
                  << setseed << "\t" << sql << "\n";
        for (const T& value : conn.fetch<T>(unchecked_sql(sql))) std::cout << printed(type, value) << "\n";
    });
}

[[noreturn]] void usage() {
    std::cerr << "usage: differential send|receive [--count N] [--seed N] [--type NAME]\n";
    std::exit(2);
}

settings parse(int argc, char** argv) {
    settings run;
    if (argc % 2 != 0) usage();
    run.mode = argv[1];
    for (int i = 2; i < argc; i += 2) {
        const std::string_view option = argv[i];
        if (option == "--count")
            run.count = std::strtoul(argv[i + 1], nullptr, 10);
        else if (option == "--seed")
            run.seed = std::strtoull(argv[i + 1], nullptr, 10);
        else if (option == "--type")
            run.type = argv[i + 1];
        else
            usage();
    }
    if (run.mode != "send" && run.mode != "receive") usage();
    return run;
}

}  // namespace
}  // namespace coropg::test

int main(int argc, char** argv) {
    const coropg::test::settings run = coropg::test::parse(argc, argv);
    try {
        if (run.mode == "send") return coropg::test::send_all(run) ? 0 : 1;
        coropg::test::receive_all(run);
    } catch (const std::exception& e) {
        std::cerr << "differential: seed " << run.seed << ": " << e.what() << "\n";
        return 1;
    }
}
