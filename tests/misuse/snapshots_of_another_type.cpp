// expect: snapshots_must_be_el_snapshots_in<Order>
#include <eventloom/framework/aggregate.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    static constexpr int snapshots = 100;
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
static_assert(el::aggregate<Order>);
