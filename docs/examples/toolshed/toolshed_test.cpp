#include "tool_rows.hpp"

#include <eventloom/framework/testing.hpp>
#include <eventloom/projections/testing.hpp>

#include <cstdio>

namespace toolshed {

using el::testing::folding;
using el::testing::given;

const Day today{std::chrono::days{20'000}};
const Lent to_ada{"ada", today + std::chrono::days{14}};

bool passes()
{
    const ToolId drill{"drill"};
    return given<Tool>(Added{"Drill"}).when(Lend{"ada", today, 14}).then(to_ada) &&
           given<Tool>(Added{"Drill"}, to_ada).when(Lend{"bob", today, 14}).refused("tool-lent") &&
           given<Tool>(Added{"Drill"}, to_ada).when(Return{}).then(Returned{"ada"}) &&
           folding(tools()).given(drill, Added{"Drill"}, to_ada).rows({{drill, {"Drill", "ada", to_ada.due, 1}}});
}

} // namespace toolshed

int main()
{
    if (toolshed::passes()) return 0;
    std::puts("A rule of the toolshed does not hold.");
    return 1;
}
