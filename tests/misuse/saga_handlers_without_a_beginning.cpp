// expect: a saga with handlers has no el::begins_with
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
auto saga = el::saga<el::id<Order>, Work>("work", 1,
                                          [](Work&, const el::id<Order>&, const Placed&) -> el::actions { return {}; });
