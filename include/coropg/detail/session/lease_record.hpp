// The activity of a lent connection, for the error of a wait for one that ended in vain. The session writes it, on its
// thread, and the pool reads it, on any.
#pragma once

#include <coropg/error.hpp>

#include <mutex>
#include <source_location>
#include <string>
#include <string_view>

namespace coropg::detail {

class lease_record {
 public:
    void begin(std::source_location where) {
        const std::lock_guard lock{mutex_};
        holder_.where = where;
        holder_.sql.clear();
    }
    void note(std::string_view sql) {
        const std::lock_guard lock{mutex_};
        holder_.sql.assign(sql.substr(0, longest_sql));
    }
    [[nodiscard]] pool_holder read() const {
        const std::lock_guard lock{mutex_};
        return holder_;
    }

 private:
    static constexpr std::size_t longest_sql = 200;

    mutable std::mutex mutex_;
    pool_holder holder_;
};

}  // namespace coropg::detail
