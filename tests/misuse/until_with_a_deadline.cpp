// expect: el::until says how long its step waits: it has no el::deadline
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
auto saga = el::saga<Work>(
    "work", 1, el::begins{[](const el::id<Order>&, const Placed&) { return Work{}; }},
    el::step("one", el::until{[](const Work&) { return el::Time{}; }}, el::deadline{std::chrono::hours{1}}));
