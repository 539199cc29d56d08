// expect: el::keyed_by gives the id that the saga's instances have
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
auto saga = el::saga<el::id<Order>, Work>("work", 1, el::begins_with<Placed>{},
                                          el::keyed_by([](const Placed& event) { return event.number; }),
                                          [](Work&, const el::id<Order>&, const Placed&) {});
