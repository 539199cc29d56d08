// expect: handler_of_an_event_that_is_not_in<Misspelt, eventloom::from<Order> >
#include <eventloom/projections/projection.hpp>
namespace el = eventloom;
struct Placed {};
struct Misspelt {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
struct Row {};
auto rows = el::projection<el::id<Order>, Row>("rows", 1, [](Row&, const Misspelt&) {});
