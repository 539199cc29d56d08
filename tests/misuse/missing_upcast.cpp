// expect: an earlier form of an event has no upcast(const Earlier&) to the next form
#include <eventloom/framework/event_codec.hpp>
namespace el = eventloom;
struct PlacedV1 {};
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed, PlacedV1>>;
};
template const el::EventTypes& el::event_types<Order>();
