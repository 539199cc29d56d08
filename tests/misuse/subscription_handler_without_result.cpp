// expect: a subscription's handler takes (const Event&, const el::Heard&), or the event alone, says `-> el::result<void>` or `-> el::result<el::Effects>`, and is not mutable
#include <eventloom/messaging/subscriptions.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
auto mails = el::hearing<Order>([](const Placed&, const el::Heard&) { return el::done(); });
