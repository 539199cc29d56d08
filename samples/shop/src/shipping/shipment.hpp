// The parcel of an order.
#pragma once

#include "../ids.hpp"

#include <eventloom/framework/aggregate.hpp>

#include <optional>
#include <string>

namespace shop::shipping {

// clang-format off

// Events.
struct Arranged { OrderId order; CustomerId customer; std::string country; std::string tracking; };
struct CalledOff { };

// Commands.
struct Arrange { OrderId order; CustomerId customer; std::string country; std::string tracking; };
struct CallOff { };

// State.
struct Shipment {
    static constexpr auto category = "shipment";

    using Events = el::events<el::event<"shipment-arranged", Arranged>,
                              el::event<"shipment-called-off", CalledOff>>;

    bool arranged   = false;
    bool called_off = false;
};

// Evolve.
inline Shipment evolve(Shipment shipment, const Arranged&)  { shipment.arranged = true; return shipment; }
inline Shipment evolve(Shipment shipment, const CalledOff&) { shipment.called_off = true; return shipment; }

// clang-format on

// Decide.
el::result<std::optional<Arranged>> decide(const Arrange& command, const Shipment& shipment);
el::result<std::optional<CalledOff>> decide(const CallOff&, const Shipment& shipment);

static_assert(el::aggregate<Shipment>);

} // namespace shop::shipping
