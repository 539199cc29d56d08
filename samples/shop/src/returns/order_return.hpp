// Goods that a customer sent back. A return of an order is asked for, waits for the goods, and is then refunded; it has the number of its
// order, so an order is returned once. One that was read from a file of invoices is registered at once, with a number of its own.
#pragma once

#include "../ids.hpp"
#include "../money.hpp"
#include "../orders/order.hpp"

#include <eventloom/framework/aggregate.hpp>

#include <optional>
#include <string>
#include <vector>

namespace shop::returns {

using orders::Line;

// clang-format off

// Events.
struct Registered { CustomerId customer; std::string country; BusinessTime returned_at; std::vector<Line> lines; Money total; };
struct AskedFor   { CustomerId customer; std::string country; std::string reason; std::vector<Line> lines; Money total; };
struct Reminded   { };
struct Refunded   { std::string receipt; };
struct GivenUp    { };

// Commands.
struct Register     { CustomerId customer; std::string country; BusinessTime returned_at; std::vector<Line> lines; };
struct AskFor       { CustomerId customer; std::string country; std::string reason; std::vector<Line> lines; };
struct Receive      { BusinessTime returned_at; };
struct Remind       { };
struct RecordRefund { std::string receipt; };
struct GiveUp       { };

// State.
struct OrderReturn {
    static constexpr auto category = "return";

    using Events = el::events<el::event<"return-registered", Registered>,
                              el::event<"return-asked-for", AskedFor>,
                              el::event<"return-reminded", Reminded>,
                              el::event<"return-refunded", Refunded>,
                              el::event<"return-given-up", GivenUp>>;

    enum class Stage { none, asked_for, registered, refunded, given_up };

    Stage stage        = Stage::none;
    bool was_reminded = false;
    AskedFor asked_for; // the goods are those that it was asked for
};

// Evolve.
inline OrderReturn evolve(OrderReturn back, const Registered&)     { back.stage = OrderReturn::Stage::registered; return back; }
inline OrderReturn evolve(OrderReturn back, const AskedFor& event) { back.stage = OrderReturn::Stage::asked_for; back.asked_for = event; return back; }
inline OrderReturn evolve(OrderReturn back, const Reminded&)       { back.was_reminded = true; return back; }
inline OrderReturn evolve(OrderReturn back, const Refunded&)       { back.stage = OrderReturn::Stage::refunded; return back; }
inline OrderReturn evolve(OrderReturn back, const GivenUp&)        { back.stage = OrderReturn::Stage::given_up; return back; }

// clang-format on

// Decide.
el::result<Registered> decide(const Register& command, const OrderReturn& back);
el::result<AskedFor> decide(const AskFor& command, const OrderReturn& back);
el::result<Registered> decide(const Receive& command, const OrderReturn& back);
el::result<std::optional<Reminded>> decide(const Remind&, const OrderReturn& back);
el::result<std::optional<GivenUp>> decide(const GiveUp&, const OrderReturn& back);
el::result<std::optional<Refunded>> decide(const RecordRefund& command, const OrderReturn& back);

static_assert(el::aggregate<OrderReturn>);

} // namespace shop::returns
