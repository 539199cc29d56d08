// expect: event_that_is_not_in_the_list_of<Forgotten, Order>
#include <eventloom/framework/aggregate.hpp>
namespace el = eventloom;
struct Placed {};
struct Forgotten {};
struct Forget {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
el::result<Forgotten> decide(const Forget&, const Order&);
static_assert(el::aggregate<Order>);
auto facts = el::decided<Order>(Forget{}, Order{});
