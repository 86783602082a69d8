#include <coropg/arguments.hpp>

#include <string>

namespace coropg {

sql::fragment arguments::append(const detail::params& one, std::source_location where) {
    sql::fragment placeholder{unchecked_sql{"$" + std::to_string(count_ + 1), where}};
    values_.append(one);  // which takes all or nothing
    ++count_;
    return placeholder;
}

void arguments::give(detail::params& to, const sql_view& sql) const {
    if (sql.highest_placeholder() != count_)
        throw usage_error{"the statement's highest placeholder is $" + std::to_string(sql.highest_placeholder()) +
                          ", but the arguments given are " + std::to_string(count_)};
    to.append(values_);
}

}  // namespace coropg
