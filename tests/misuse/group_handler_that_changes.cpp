// expect: a group's handler is a lambda that takes (const Event&, const el::RecordedEvent&), or the event alone, says `-> el::result<void>`, and is not mutable
#include <eventloom/messaging/groups.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
auto mails = el::handles<Order>([sent = 0](const Placed&) mutable -> el::result<void> { return ++sent, el::done(); });
