// expect: decide_must_give_an_el_result_and_not<Placed, Order>
#include <eventloom/framework/command_bus.hpp>
namespace el = eventloom;
struct Placed {};
struct Place {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
Placed decide(const Place&, const Order&);
auto sent(el::CommandBus& bus)
{
    return bus.send(el::id<Order>{"1"}, Place{});
}
