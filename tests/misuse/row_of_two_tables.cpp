// expect: a projection's handler takes first `Row&`, of one table that has such rows
#include <eventloom/projections/projection.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
struct Row {};
auto rows = el::projection("rows", 1, el::from<Order>(), el::keep_table<el::id<Order>, Row>("by-order"),
                           el::keep_table<std::string, Row>("by-name"), [](Row&, const Placed&) {});
