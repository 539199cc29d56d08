// expect: a step's work is el::send(...), el::call(...), a vector of sends, or el::actions
#include <eventloom/sagas/saga.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
struct Work {
    int left = 0;
};
auto saga = el::saga<Work>("work", 1, el::begins{[](const el::id<Order>&, const Placed&) { return Work{}; }},
                           el::step("one", el::act{[](const Work& work) { return work.left; }}));
