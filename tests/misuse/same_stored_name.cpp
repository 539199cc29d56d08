// expect: two events share one stored name
#include <eventloom/framework/aggregate.hpp>
namespace el = eventloom;
struct Placed {};
struct Paid {};
using Events = el::events<el::event<"order-placed", Placed>, el::event<"order-placed", Paid>>;
Events::variant event;
