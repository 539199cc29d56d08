// expect: a saga's handler gives el::actions, or nothing
#include <eventloom/sagas/handlers.hpp>
namespace el = eventloom;
struct Placed {};
struct Paid {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>, el::event<"order-paid", Paid>>;
};
Order evolve(Order order, const Placed&);
Order evolve(Order order, const Paid&);
struct Work {
    int left = 0;
};
struct Pay {};
el::result<Paid> decide(const Pay&, const Order&);
auto saga = el::saga<el::id<Order>, Work>(
    "work", 1, el::begins_with<Placed>{},
    [](Work&, const el::id<Order>& order, const Placed&) { return el::send(order, Pay{}); });
