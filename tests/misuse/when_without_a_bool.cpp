// expect: el::when takes the saga's state and gives a bool
#include <eventloom/sagas/saga.hpp>
namespace el = eventloom;
struct Placed {};
struct Paid {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>, el::event<"order-paid", Paid>>;
};
Order evolve(Order order, const Placed&);
Order evolve(Order order, const Paid&);
struct Work {
    int left = 0;
};
auto saga = el::saga<Work>("work", 1, el::begins{[](const el::id<Order>&, const Placed&) { return Work{}; }},
                           el::step("one", el::when{[](const Work&) { return std::string{}; }}, el::await<Paid>{}));
