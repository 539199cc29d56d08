// expect: an upcast gives what is neither a form of its event nor an event of its list
#include <eventloom/framework/event_codec.hpp>
namespace el = eventloom;
struct PlacedV1 {};
struct Placed {};
struct Stranger {};
inline std::tuple<Placed, Stranger> upcast(const PlacedV1&)
{
    return {};
}
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed, PlacedV1>>;
};
template const el::EventTypes& el::event_types<Order>();
