// Customers buy at the price that they were shown. A price that was changed stays valid for ten minutes more. All products of
// a cart are bought, or none.
#pragma once

#include <eventloom/framework/decision.hpp>

#include <algorithm>

namespace prices {

namespace el = eventloom;

inline constexpr auto grace = std::chrono::minutes{10};

using ProductId = el::id<struct Product>;

// clang-format off

struct Item { ProductId product; std::int64_t cents = 0; };

struct Defined      { ProductId product; std::int64_t cents = 0; };
struct PriceChanged { ProductId product; std::int64_t cents = 0; };
struct Ordered      { std::vector<Item> items; };

inline el::Tags tags_of(const Defined& event)      { return {tag("product", event.product)}; }
inline el::Tags tags_of(const PriceChanged& event) { return {tag("product", event.product)}; }
inline el::Tags tags_of(const Ordered& event)
{
    el::Tags tags;
    for (const Item& item : event.items) tags.push_back(tag("product", item.product));
    return tags;
}

struct Products {
    static constexpr auto stream = "products";
    using Events = el::events<el::event<"product-defined", Defined>,
                              el::event<"product-price-changed", PriceChanged>,
                              el::event<"products-ordered", Ordered>>;
};
static_assert(el::decision_context<Products>);

// The prices at which a product can be bought now.
struct ValidPrices { ProductId product; el::Time now; std::vector<std::int64_t> cents; };

inline el::Tags tags_of(const ValidPrices& view) { return {tag("product", view.product)}; }

inline ValidPrices evolve(ValidPrices view, const Defined& event) { view.cents = {event.cents}; return view; }
inline ValidPrices evolve(ValidPrices view, const PriceChanged& event, el::Time at)
{
    if (view.now - at > grace) view.cents.clear(); // nobody has seen the earlier prices within that time
    view.cents.push_back(event.cents);
    return view;
}

struct Define      { ProductId product; std::int64_t cents = 0; };
struct ChangePrice { ProductId product; std::int64_t cents = 0; };
struct Order       { std::vector<Item> items; };

inline auto boundary_of(const Define& command, el::Time now)      { return ValidPrices{command.product, now, {}}; }
inline auto boundary_of(const ChangePrice& command, el::Time now) { return ValidPrices{command.product, now, {}}; }

// One view for each product: the boundary is as large as the cart.
inline auto boundary_of(const Order& command, el::Time now)
{
    std::vector<ValidPrices> views;
    for (const Item& item : command.items) views.push_back({item.product, now, {}});
    return views;
}

// clang-format on

inline el::result<Defined> decide(const Define& command, const ValidPrices& prices)
{
    if (not prices.cents.empty()) return el::refuse("product-exists", "A product with this id exists.");
    return Defined{command.product, command.cents};
}

inline el::result<PriceChanged> decide(const ChangePrice& command, const ValidPrices& prices)
{
    if (prices.cents.empty()) return el::refuse("no-such-product", "There is no product with this id.");
    return PriceChanged{command.product, command.cents};
}

inline el::result<Ordered> decide(const Order& command, const std::vector<ValidPrices>& prices)
{
    if (command.items.empty()) return el::refuse("empty-cart", "There is nothing in the cart.");
    for (std::size_t i = 0; i < command.items.size(); ++i) {
        const auto& valid = prices[i].cents;
        if (std::find(valid.begin(), valid.end(), command.items[i].cents) == valid.end()) {
            return el::refuse("price-not-valid", "The price of a product is no longer valid.");
        }
    }
    return Ordered{command.items};
}

} // namespace prices
