// expect: a handler answers effects only with el::exactly_once: the other promises have no append to put them in
#include <eventloom/messaging/subscriptions.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
void add(el::Subscriptions& subscriptions)
{
    subscriptions.add<el::at_least_once>(
        {.name = "points"}, el::hearing<Order>([](const Placed&) -> el::result<el::Effects> { return el::effects(); }));
}
