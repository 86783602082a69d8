// What the programs about SQL text call: functions with the signatures of the driver's.
#pragma once

#include <coropg/sql.hpp>

template <class... Args>
void execute(coropg::basic_sql<sizeof...(Args)>, const Args&...);

void execute_script(coropg::script_sql);
