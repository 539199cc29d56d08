// expect: begins_takes_a_const_id_and_a_const_event_and_not<eventloom::id<Order>, Placed>
#include <eventloom/sagas/saga.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
struct Receipt {
    std::string number;
};
struct Charge {
    using answer = Receipt;
};
struct Work {
    std::string number;
};
auto saga = el::saga<Work>("work", 1, el::begins{[](el::id<Order>, Placed) { return Work{}; }},
                           el::step("one", el::act{[](const Work&) { return el::call(Charge{}); }}));
