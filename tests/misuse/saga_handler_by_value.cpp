// expect: handler_takes_the_data_a_const_id_and_a_const_event_and_not<Work&, const eventloom::id<Order>&, Placed>
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
auto saga = el::saga<el::id<Order>, Work>("work", 1, el::begins_with<Placed>{},
                                          [](Work&, const el::id<Order>&, Placed) -> el::actions { return {}; });
