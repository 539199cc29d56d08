// expect: keep_takes_the_data_and_a_const_answer_and_not<Work&, Receipt>
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
auto saga = el::saga<Work>("work", 1, el::begins{[](const el::id<Order>&, const Placed&) { return Work{}; }},
                           el::step("one", el::act{[](const Work&) { return el::call(Charge{}); }},
                                    el::keep{[](Work& work, Receipt receipt) { work.number = receipt.number; }}));
