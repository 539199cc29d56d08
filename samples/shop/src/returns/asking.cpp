#include "asking.hpp"

#include "../orders/order.hpp"
#include "order_return.hpp"

namespace shop {

el::result<void> ask_for_return(el::CommandBus& commands, const OrderId& order, const std::string& reason)
{
    BOOST_OUTCOME_TRY(const auto now, commands.load(order));
    // A completed order stays as it is, so this is still true when the return is asked for.
    if (now.stage != orders::Order::Stage::completed) {
        return el::refuse("not-completed", "Only an order that is completed can be returned; one that is not can be "
                                           "cancelled.");
    }
    const auto& placed = now.placed;
    BOOST_OUTCOME_TRY(
        commands.send(ReturnId{order.value}, returns::AskFor{placed.customer, placed.country, reason, placed.lines}));
    return el::done();
}

} // namespace shop
