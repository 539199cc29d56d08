// expect: event_without_evolve<Placed, Order>
#include <eventloom/framework/aggregate.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
static_assert(el::aggregate<Order>);
