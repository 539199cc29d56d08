// Asking for the return of an order.
#pragma once

#include "../ids.hpp"

#include <eventloom/framework/command_bus.hpp>

#include <string>

namespace shop {

// The whole order is returned. Failure::refused "not-completed": it has not been sent; "already-asked-for".
el::result<void> ask_for_return(el::CommandBus& commands, const OrderId& order, const std::string& reason);

} // namespace shop
