// expect: heard_event_without_a_member<Delivered, eventloom::id<Order> >
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
struct Delivered {};
struct Parcel {
    static constexpr auto category = "parcel";
    using Events                   = el::events<el::event<"parcel-delivered", Delivered>>;
};
Parcel evolve(Parcel parcel, const Delivered&);
auto saga = el::saga<el::id<Order>, Work>(
    "work", 1, el::begins_with<Placed>{}, el::from<Parcel>{},
    [](Work&, const el::id<Order>&, const Placed&) -> el::actions { return {}; },
    [](Work&, const el::id<Order>&, const Delivered&) -> el::actions { return {}; });
