#include <coropg/detail/statement_cache.hpp>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>

namespace coropg::detail {

statement_cache::plan statement_cache::next(const command& c, const params& parameters, prepare mode) {
    if (mode == prepare::never) return {};
    const std::uint64_t key = key_of(c, parameters);
    auto found = index_.find(key);
    const bool first_use = found == index_.end();
    if (first_use) {
        if (!make_room()) return {};
        order_.push_front(
            {key, std::string{c.sql}, parameters.types(c.first_parameter, c.parameter_count), {}, status::seen});
        found = index_.emplace(key, order_.begin()).first;
    } else {
        if (!matches(*found->second, c, parameters)) return {};
        order_.splice(order_.begin(), order_, found->second);
    }
    entry& e = *found->second;
    const bool is_of_same_unit = e.state == status::parsing && e.parsed_with == &parameters;
    if (e.state == status::ready || is_of_same_unit) return {plan::way::run, e.name.c_str()};
    if (e.state == status::parsing || (first_use && mode != prepare::always)) return {};
    std::string name = name_of(e);
    if (std::ranges::find(evicted_, name) != evicted_.end()) return {};  // the server has an old one still
    e.name = std::move(name);
    e.state = status::parsing;
    e.parsed_with = &parameters;
    return {plan::way::parse_and_run, e.name.c_str()};
}

void statement_cache::parsed(const command& c, const params& parameters, bool succeeded) {
    if (const auto e = find(c, parameters); e != order_.end() && e->state == status::parsing)
        e->state = succeeded ? status::ready : status::seen;
}

void statement_cache::forget(const command& c, const params& parameters) {
    if (const auto e = find(c, parameters); e != order_.end()) evict(e);
}

void statement_cache::clear() noexcept {
    index_.clear();
    order_.clear();
}

bool statement_cache::make_room() {
    if (order_.size() < capacity_) return true;
    const auto oldest =
        std::find_if(order_.rbegin(), order_.rend(), [](const entry& e) { return e.state != status::parsing; });
    if (oldest == order_.rend()) return false;
    evict(std::prev(oldest.base()));
    return true;
}

void statement_cache::evict(order::iterator e) {
    if (e->state == status::ready) evicted_.push_back(e->name);
    index_.erase(e->key);
    order_.erase(e);
}

statement_cache::order::iterator statement_cache::find(const command& c, const params& parameters) {
    const auto found = index_.find(key_of(c, parameters));
    return found != index_.end() && matches(*found->second, c, parameters) ? found->second : order_.end();
}

bool statement_cache::matches(const entry& e, const command& c, const params& parameters) {
    return e.sql == c.sql && parameters.has_types(e.types, c.first_parameter, c.parameter_count);
}

std::uint64_t statement_cache::key_of(const command& c, const params& parameters) noexcept {
    return parameters.hash_types(c.sql_hash, c.first_parameter, c.parameter_count);
}

std::string statement_cache::name_of(const entry& e) {
    std::string content = e.sql;
    for (const oid type : e.types) content += '\0' + std::to_string(type);
    return "coropg_" + to_string(boost::uuids::name_generator_sha1{boost::uuids::ns::oid()}(content));
}

}  // namespace coropg::detail
