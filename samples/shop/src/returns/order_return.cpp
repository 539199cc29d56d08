#include "order_return.hpp"

namespace shop::returns {

el::result<Registered> decide(const Register& command, const OrderReturn& back)
{
    if (back.stage != OrderReturn::Stage::none)
        return el::refuse("already-registered", "This return was registered before.");
    if (const auto checked = orders::check_lines(command.lines); not checked) return checked.as_failure();
    return Registered{command.customer, command.country, command.returned_at, command.lines,
                      orders::total_of(command.lines)};
}

el::result<AskedFor> decide(const AskFor& command, const OrderReturn& back)
{
    if (back.stage != OrderReturn::Stage::none)
        return el::refuse("already-asked-for", "A return of this order was asked for before.");
    if (const auto checked = orders::check_lines(command.lines); not checked) return checked.as_failure();
    return AskedFor{command.customer, command.country, command.reason, command.lines, orders::total_of(command.lines)};
}

el::result<Registered> decide(const Receive& command, const OrderReturn& back)
{
    using Stage = OrderReturn::Stage;
    if (back.stage == Stage::none) return el::refuse("no-such-return", "Nobody has asked for this return.");
    if (back.stage == Stage::given_up) {
        return el::refuse(
            "return-given-up",
            "The return was given up because its goods had not come within 30 days; send them back to the "
            "customer.");
    }
    if (back.stage != Stage::asked_for)
        return el::refuse("already-registered", "The goods of this return have come before.");
    const AskedFor& asked = back.asked_for;
    return Registered{asked.customer, asked.country, command.returned_at, asked.lines, asked.total};
}

// The goods may come at the same moment: then there is nothing to remind of, and nothing to give up.
el::result<std::optional<Reminded>> decide(const Remind&, const OrderReturn& back)
{
    if (back.stage != OrderReturn::Stage::asked_for || back.was_reminded) return std::nullopt;
    return Reminded{};
}

el::result<std::optional<GivenUp>> decide(const GiveUp&, const OrderReturn& back)
{
    if (back.stage != OrderReturn::Stage::asked_for) return std::nullopt;
    return GivenUp{};
}

el::result<std::optional<Refunded>> decide(const RecordRefund& command, const OrderReturn& back)
{
    if (back.stage == OrderReturn::Stage::refunded) return std::nullopt;
    if (back.stage != OrderReturn::Stage::registered)
        return el::refuse("goods-not-there", "Only a return whose goods have come is refunded.");
    return Refunded{command.receipt};
}

} // namespace shop::returns
