// The shop's own commands.
#pragma once

#include "shop.hpp"

namespace shop {

// Makes a command line the shop's: beside what el::CommandLine gives every service import, orders, stock, sales, customers,
// returns, provider and demo.
void add_shop(el::CommandLine& line);

// A command that writes nothing.
void reads(el::CommandLine& line, el::Command command, el::CommandLine::Action action);

// After a command. A service that runs has sagas of others, and always something to do: there only what follows from the command is
// waited for. A command that opens the shop itself lets all of them go on while it does.
el::result<void> finish_receipt(const el::CommandLine& line, Shop& shop, el::Output& out);

void add_import(el::CommandLine& line);
void add_orders(el::CommandLine& line);
void add_stock(el::CommandLine& line);
void add_sales(el::CommandLine& line);
void add_returns(el::CommandLine& line);
void add_provider(el::CommandLine& line);
// `options` as the command line has them.
void add_demo(el::CommandLine& line, std::shared_ptr<const ShopOptions> options);

} // namespace shop
