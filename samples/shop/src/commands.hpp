// The shop's own commands.
#pragma once

#include "shop.hpp"

namespace shop {

// The command line of the shop: what el::CommandLine gives every service, and import, orders, stock, sales, customers, demo.
class ShopCommandLine {
public:
    ShopCommandLine();
    int run(int argc, char** argv) { return line_.run(argc, argv); }

private:
    el::result<Shop*> open(bool create_if_missing = false);
    // The same, with sagas and projections at work.
    el::result<Shop*> open_and_start();

    void add_import();
    void add_orders();
    void add_stock();
    void add_sales();
    void add_demo();

    ShopOptions options_;
    el::CommandLine line_;
};

} // namespace shop
