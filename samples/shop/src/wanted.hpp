// What an order needs of each article, and a command for each of them. For the sources of sagas.
#pragma once

#include "ids.hpp"
#include "orders/order.hpp"

#include <eventloom/sagas/saga.hpp>

#include <map>
#include <vector>

namespace shop {

struct Wanted {
    Sku sku;
    std::int64_t quantity = 0;
};

// How many of each article, summed over all lines, in the order of the articles.
inline std::vector<Wanted> merged(const std::vector<orders::Line>& lines)
{
    std::map<Sku, std::int64_t> quantities;
    for (const auto& line : lines) quantities[line.sku] += line.quantity;
    std::vector<Wanted> wanted;
    for (const auto& [sku, quantity] : quantities) wanted.push_back({sku, quantity});
    return wanted;
}

// One command for each article.
template <class Describe>
auto for_each_article(const std::vector<Wanted>& articles, Describe describe)
{
    std::vector<decltype(el::send(Sku{}, describe(Wanted{})))> commands;
    for (const auto& article : articles) commands.push_back(el::send(article.sku, describe(article)));
    return commands;
}

} // namespace shop
