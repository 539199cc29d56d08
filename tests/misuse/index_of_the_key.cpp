// expect: an index is of members of the row, or a function of the row; ask for rows by parts of their key with between and under
#include <eventloom/projections/projection.hpp>
namespace el = eventloom;
struct Placed {};
struct Order {
    static constexpr auto category = "order";
    using Events                   = el::events<el::event<"order-placed", Placed>>;
};
Order evolve(Order order, const Placed&);
struct NightKey {
    std::string room;
    std::chrono::sys_days day;
};
struct Night {
    std::string guest;
};
auto nights = el::projection<NightKey, Night>(
    "nights", 1, el::from<Order>(), el::keyed_by([](const Placed&) { return NightKey{}; }),
    el::index("day", &NightKey::day), [](Night& night, const Placed&) { night.guest = "ada"; });
