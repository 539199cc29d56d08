// expect: heard_event_without_a_member<Delivered, eventloom::id<Order> >
#include <eventloom/sagas/saga.hpp>
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
auto saga = el::saga<Work>("work", 1, el::begins{[](const el::id<Order>&, const Placed&) { return Work{}; }},
                           el::step("one", el::await<Delivered, Parcel>{}));
