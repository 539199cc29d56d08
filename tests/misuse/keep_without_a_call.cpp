// expect: keep_in_a_step_without_a_call_that_answers<Receipt>
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
struct Pay {};
el::result<Placed> decide(const Pay&, const Order&);
auto saga =
    el::saga<Work>("work", 1, el::begins{[](const el::id<Order>&, const Placed&) { return Work{}; }},
                   el::step("one", el::act{[](const Work&) { return el::send(el::id<Order>{"1"}, Pay{}); }},
                            el::keep{[](Work& work, const Receipt& receipt) { work.number = receipt.number; }}));
