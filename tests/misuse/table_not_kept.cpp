// expect: a projection's handler takes an el::Rows<Key, Row>& that the projection does not keep
#include <eventloom/projections/projection.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
struct Row {};
struct Other {};
auto rows = el::projection("rows", 1, el::from<Order>(), el::keep_table<el::id<Order>, Row>("rows"),
                           [](el::Rows<el::id<Order>, Other>&, const Placed&) {});
