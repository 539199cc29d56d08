// expect: two handlers of one projection hear the same event
#include <eventloom/projections/projection.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
struct Row {};
auto rows = el::projection<el::id<Order>, Row>(
    "rows", 1, [](Row&, const Placed&) {}, [](Row&, const Placed&) {});
