// The read model of docs/personal-data.md.
#pragma once

#include "personal/customers.hpp"

#include <eventloom/projections/projection.hpp>

namespace customers {

// A row may keep a personal field as it is, or a word in its place.
struct Card {
    el::personal<std::string> name;
    std::string town;
    std::int64_t spent = 0;
};

inline el::Projected<CustomerId, Card> cards(std::string name = "cards")
{
    return el::projection<CustomerId, Card>(
        std::move(name), 1, el::index("town", [](const Card& row) { return row.town; }),
        [](Card& row, const Registered& event) {
            row.name = event.name;
            row.town = event.address.value_or({.street = "", .town = "(erased)"}).town;
        },
        [](Card& row, const Bought& event) { row.spent += event.cents; });
}

} // namespace customers
