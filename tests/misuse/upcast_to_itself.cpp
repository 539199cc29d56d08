// expect: an upcast gives the form that it was given, or an earlier one: it would never end
#include <eventloom/framework/event_codec.hpp>
namespace el = eventloom;
struct PlacedV1 {};
struct Placed {};
inline PlacedV1 upcast(const PlacedV1& form)
{
    return form;
}
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed, PlacedV1>>;
};
template const el::EventTypes& el::event_types<Order>();
