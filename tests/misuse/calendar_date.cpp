// expect: neither_a_plain_struct_nor_of_a_known_kind<std::chrono::year_month_day>
#include <eventloom/framework/event_codec.hpp>

#include <chrono>
namespace el = eventloom;
struct Placed {
    std::chrono::year_month_day day;
};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
template const el::EventTypes& eventloom::event_types<Order>();
