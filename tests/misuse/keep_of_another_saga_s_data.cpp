// expect: keep_takes_another_answer_than_its_step_gets<Parcel, Shipping>
#include <eventloom/sagas/saga.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
struct Work {
    el::id<Order> order;
};
struct Shipping {};
struct Parcel {};
auto saga = el::saga<Work>(
    "work", 1, el::begins{[](const el::id<Order>& order, const Placed&) { return Work{order}; }},
    el::step("ship", el::act{[](const Work& work) { return el::run("shipping", work.order, Shipping{}); }},
             el::keep{[](Work&, const Parcel&) {}}));
