#include "tool_rows.hpp"

#include <eventloom/projections/projection.hpp>

namespace toolshed {

el::Projected<ToolId, ToolRow> tools()
{
    return el::projection<ToolId, ToolRow>(
        "tools", 1, el::index("member", &ToolRow::member, &ToolRow::due),

        [](ToolRow& row, const Added& event) { row.name = event.name; },
        [](ToolRow& row, const Lent& event) {
            row.member = event.member;
            row.due    = event.due;
            ++row.loans;
        },
        [](ToolRow& row, const Returned&) { row.member.clear(); });
}

} // namespace toolshed
