// expect: a category is a word without a hyphen
#include <eventloom/framework/aggregate.hpp>
namespace el = eventloom;
struct Ordered {};
struct GiftOrder {
    static constexpr auto category = "gift-order";
    using Events                   = el::events<el::event<"gift-ordered", Ordered>>;
};
GiftOrder evolve(GiftOrder order, const Ordered&);
static_assert(el::aggregate<GiftOrder>);
