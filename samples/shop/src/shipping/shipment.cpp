#include "shipment.hpp"

namespace shop::shipping {

el::result<std::optional<Arranged>> decide(const Arrange& command, const Shipment& shipment)
{
    if (shipment.arranged) return std::nullopt;
    return Arranged{command.order, command.customer, command.country, command.tracking};
}

el::result<std::optional<CalledOff>> decide(const CallOff&, const Shipment& shipment)
{
    if (not shipment.arranged || shipment.called_off) return std::nullopt;
    return CalledOff{};
}

} // namespace shop::shipping
