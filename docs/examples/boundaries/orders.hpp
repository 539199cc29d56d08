// An order is placed once, however often the form is sent: the client adds a token of its own making to what it sends, and the
// server chooses the id of the order.
#pragma once

#include <eventloom/framework/decision.hpp>

namespace orders {

namespace el = eventloom;

using OrderId = el::id<struct Order>;

// clang-format off

struct Placed { OrderId order; std::string token; };

inline el::Tags tags_of(const Placed& event) { return {tag("order", event.order), el::tag("token", event.token)}; }

struct Orders {
    static constexpr auto stream = "placed-orders";
    using Events = el::events<el::event<"order-placed-once", Placed>>;
};
static_assert(el::decision_context<Orders>);

struct TokenUse { std::string token; bool used = false; };
struct OrderIds { OrderId order; bool taken = false; };

inline el::Tags tags_of(const TokenUse& view) { return {el::tag("token", view.token)}; }
inline el::Tags tags_of(const OrderIds& view) { return {tag("order", view.order)}; }

inline TokenUse evolve(TokenUse view, const Placed&) { view.used = true; return view; }
inline OrderIds evolve(OrderIds view, const Placed&) { view.taken = true; return view; }

struct Place { OrderId order; std::string token; };

inline auto boundary_of(const Place& command) { return std::tuple{TokenUse{command.token}, OrderIds{command.order}}; }

// clang-format on

inline el::result<Placed> decide(const Place& command, const TokenUse& token, const OrderIds& id)
{
    if (token.used) return el::refuse("placed-before", "This order was placed before.");
    if (id.taken) return el::refuse("order-id-taken", "There is an order with this id.");
    return Placed{command.order, command.token};
}

} // namespace orders
