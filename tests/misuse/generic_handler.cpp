// expect: a projection's handler is a lambda that names its event's type; `const auto&` names none
#include <eventloom/projections/projection.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
struct Row {};
auto rows = el::projection<el::id<Order>, Row>("rows", 1, [](Row&, const auto&) {});
