// expect: a saga's step has no el::act, el::await or el::until
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
auto saga =
    el::saga<Work>("work", 1, el::begins{[](const el::id<Order>&, const Placed&) { return Work{}; }}, el::step("one"));
