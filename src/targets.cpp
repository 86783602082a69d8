#include "targets.hpp"

#include <coropg/error.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace coropg::detail {

namespace {

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t comma = list.find(',');
        parts.emplace_back(list.substr(0, comma));
        if (comma == std::string_view::npos) return parts;
        list.remove_prefix(comma + 1);
    }
}

/// A list of one stands for all hosts.
void stretch(std::vector<std::string>& list, std::size_t count, std::string_view keyword) {
    if (list.size() == 1) list.resize(count, std::string{list.front()});
    if (list.size() == count) return;
    throw usage_error{"\"" + std::string{keyword} + "\" lists " + std::to_string(list.size()) + " entries for " +
                      std::to_string(count) + " hosts"};
}

/// libpq's own, if a list of ports leaves one out.
constexpr const char* default_port = "5432";

/// The value is not shown: a password that was not escaped in a URI ends up here.
void require_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (problem != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65535)
        throw usage_error{"the port is not a number from 1 to 65535"};
}

}  // namespace

std::vector<target> targets_of(const effective_settings& settings) {
    std::vector<std::string> hosts = split(settings.get("host"));
    std::vector<std::string> addresses = split(settings.get("hostaddr"));
    std::vector<std::string> ports = split(settings.get("port"));
    const std::size_t count = std::max(hosts.size(), addresses.size());
    stretch(hosts, count, "host");
    stretch(addresses, count, "hostaddr");
    stretch(ports, count, "port");
    std::vector<target> targets;
    for (std::size_t i = 0; i < count; ++i) {
        if (ports[i].empty()) ports[i] = default_port;
        require_port(ports[i]);
        targets.push_back({hosts[i], addresses[i], ports[i]});
    }
    return targets;
}

// Only libpq knows where services are, and what they set; it tells when it is asked to connect. A setting that it
// refuses keeps it from going further than that.
effective_settings::effective_settings(const conninfo& info) : own_{info} {
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    const auto add = [&](const char* keyword, const char* value) {
        keywords.push_back(keyword);
        values.push_back(value);
    };
    for (const auto& [keyword, value] : info.settings())
        if (keyword != "sslmode" && keyword != "password" && keyword != "load_balance_hosts")
            add(keyword.c_str(), value.c_str());
    add("sslmode", "no further");
    add("password", "none is looked for");
    add(nullptr, nullptr);
    const pq::plain_english language;
    const pq::connection conn{PQconnectStartParams(keywords.data(), values.data(), 0)};
    if (!conn) throw std::bad_alloc{};
    all_.reset(PQconninfo(conn.get()));
    if (!all_) throw std::bad_alloc{};
    if (get("port").empty())  // a service that is not there, or cannot be read
        throw connection_error{{connect_attempt{{}, {}, {}, {}, pq::last_message(conn.get()), {}}}};
}

std::string_view effective_settings::get(std::string_view keyword) const noexcept {
    if (const std::string_view set = own_.get(keyword); !set.empty()) return set;
    for (const PQconninfoOption* o = all_.get(); o->keyword != nullptr; ++o)
        if (keyword == o->keyword && o->val != nullptr) return o->val;
    return {};
}

bool wants_writes(PGconn* conn) {
    const pq::options settings{PQconninfo(conn)};
    for (const PQconninfoOption* o = settings.get(); o != nullptr && o->keyword != nullptr; ++o) {
        if (std::string_view{o->keyword} != "target_session_attrs" || o->val == nullptr) continue;
        const std::string_view wanted = o->val;
        return wanted == "read-write" || wanted == "primary";
    }
    return false;
}

}  // namespace coropg::detail
