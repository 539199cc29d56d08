// Goods that a customer sent back.
#pragma once

#include "../ids.hpp"
#include "../money.hpp"
#include "../orders/order.hpp"

#include <eventloom/framework/aggregate.hpp>

#include <string>
#include <vector>

namespace shop::returns {

using orders::Line;

// clang-format off

// Events.
struct Registered { CustomerId customer; std::string country; BusinessTime returned_at; std::vector<Line> lines; Money total; };

// Commands.
struct Register { CustomerId customer; std::string country; BusinessTime returned_at; std::vector<Line> lines; };

// State.
struct OrderReturn {
    static constexpr auto category = "return";

    using Events = el::events<el::event<"return-registered", Registered>>;

    bool registered = false;
};

// Evolve.
inline OrderReturn evolve(OrderReturn back, const Registered&) { back.registered = true; return back; }

// clang-format on

// Decide.
inline el::result<Registered> decide(const Register& command, const OrderReturn& back)
{
    if (back.registered) return el::refuse("already-registered", "This return was registered before.");
    if (const auto checked = orders::check_lines(command.lines); not checked) return checked.as_failure();
    return Registered{command.customer, command.country, command.returned_at, command.lines,
                      orders::total_of(command.lines)};
}

static_assert(el::aggregate<OrderReturn>);

} // namespace shop::returns
