// expect: keep_takes_another_answer_than_its_step_gets<Slip, Receipt>
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
struct Slip {
    int number = 0;
};
struct Charge {
    using answer = Receipt;
};
struct Work {
    int number = 0;
};
auto saga = el::saga<Work>("work", 1, el::begins{[](const el::id<Order>&, const Placed&) { return Work{}; }},
                           el::step("one", el::act{[](const Work&) { return el::call(Charge{}); }},
                                    el::keep{[](Work& work, const Slip& slip) { work.number = slip.number; }}));
