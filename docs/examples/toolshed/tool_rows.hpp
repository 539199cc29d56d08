// The read model: one row for each tool.
#pragma once

#include "tool.hpp"

#include <eventloom/projections/projected.hpp>

namespace toolshed {

struct ToolRow {
    std::string name;
    std::string member;
    Day due;
    std::int64_t loans = 0;
};

el::Projected<ToolId, ToolRow> tools();

} // namespace toolshed
