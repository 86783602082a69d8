#include <coropg/detail/session/statement_cache.hpp>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>

namespace coropg::detail {

namespace {

/// Statements that the server still has, until they can be deallocated: not within a transaction.
constexpr std::size_t max_evicted = 256;

}  // namespace

statement_cache::plan statement_cache::next(const unit& u, const command& c, std::span<const oid> types) {
    const prepare how = u.preparing == prepare::automatic ? by_default_ : u.preparing;
    if (how == prepare::never || c.is_own) return {};
    const statement_text& text = u.text_of(c);
    const std::uint64_t key = key_of(text, types);
    const order::iterator found = find(key);
    const bool first_use = found == order_.end();
    if (first_use) {
        if (!make_room()) return {};
        order_.push_front({key, std::string{text.sql}, {types.begin(), types.end()}, {}, status::seen});
        index_.emplace(key, order_.begin());
    } else {
        if (!matches(*found, text, types)) return {};
        order_.splice(order_.begin(), order_, found);
    }
    entry& e = order_.front();
    const bool is_of_same_unit = e.state == status::parsing && e.parsed_by == &u;
    if (e.state == status::ready || is_of_same_unit) return {plan::way::run, e.name.c_str()};
    if (e.state == status::parsing || (first_use && how != prepare::always)) return {};
    if (evicted_.size() >= max_evicted) return {};
    e.name = name_of(e);
    e.state = status::parsing;
    e.parsed_by = &u;
    return {plan::way::parse_and_run, e.name.c_str()};
}

void statement_cache::parsed(const unit& u, const command& c, bool succeeded) {
    const auto e = find(u, c);
    if (e == order_.end() || e->state != status::parsing) return;
    e->state = succeeded ? status::ready : status::seen;
    if (!succeeded) ++losses_;
}

void statement_cache::forget(const unit& u, const command& c) {
    if (const auto e = find(u, c); e != order_.end()) evict(e);
}

void statement_cache::forget_ready() noexcept {
    ++losses_;
    for (auto e = order_.begin(); e != order_.end();) {
        const auto next = std::next(e);
        if (e->state == status::ready) {
            index_.erase(e->key);
            order_.erase(e);
        }
        e = next;
    }
}

void statement_cache::clear() noexcept {
    ++losses_;
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
    if (e->state == status::ready) {
        evicted_.push_back(e->name);
        ++losses_;
    }
    index_.erase(e->key);
    order_.erase(e);
}

statement_cache::order::iterator statement_cache::find(std::uint64_t key) {
    if (!order_.empty() && order_.front().key == key) return order_.begin();  // as in a batch
    const auto found = index_.find(key);
    return found == index_.end() ? order_.end() : found->second;
}

statement_cache::order::iterator statement_cache::find(const unit& u, const command& c) {
    const std::vector<oid> types = u.parameters.types(c.first_parameter, c.parameter_count);
    const order::iterator found = find(key_of(u.text_of(c), types));
    return found != order_.end() && matches(*found, u.text_of(c), types) ? found : order_.end();
}

bool statement_cache::matches(const entry& e, const statement_text& text, std::span<const oid> types) {
    return e.sql == text.sql && std::ranges::equal(e.types, types);
}

std::uint64_t statement_cache::key_of(const statement_text& text, std::span<const oid> types) noexcept {
    std::uint64_t key = text.hash;
    for (const oid type : types) key = (key ^ type) * 0x9E3779B97F4A7C15ULL;
    return key ^ (key >> 32U) ^ types.size();
}

std::string statement_cache::name_of(const entry& e) const {
    std::string content = e.sql;
    for (const oid type : e.types) content.append(1, '\0').append(std::to_string(type));
    std::string name = "coropg_";
    name += to_string(boost::uuids::name_generator_sha1{boost::uuids::ns::oid()}(content));
    if (losses_ != 0) name.append("_").append(std::to_string(losses_));  // GCC 12 warns of "_" + a string at -O3
    return name;
}

}  // namespace coropg::detail
