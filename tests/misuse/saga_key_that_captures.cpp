// expect: el::keyed_by takes a lambda that captures nothing: the key follows from the event alone
#include <eventloom/sagas/handlers.hpp>
namespace el = eventloom;
struct Placed {
    std::string number;
};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
struct Work {};
auto with(std::string prefix)
{
    return el::saga<el::id<Order>, Work>(
        "work", 1, el::begins_with<Placed>{},
        el::keyed_by([prefix](const Placed& event) { return el::id<Order>{prefix + event.number}; }),
        [](Work&, const el::id<Order>&, const Placed&) {});
}
