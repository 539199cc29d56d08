// The event that is measured: an order with three lines, alone for the codec, and with a note that makes it 320 bytes for
// the stores.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/event_store.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

// clang-format off
struct Line   { std::string sku; std::int64_t quantity = 1; std::int64_t price = 0; };
struct Placed { std::string customer; std::vector<Line> lines; std::int64_t total = 0; };
struct Noted  { std::string customer; std::vector<Line> lines; std::int64_t total = 0; std::string note; };
// clang-format on

struct Order {
    static constexpr auto category = "order";

    using Events = eventloom::events<eventloom::event<"order-placed", Placed>, eventloom::event<"order-noted", Noted>>;
};
inline Order evolve(Order state, const Placed& /*event*/)
{
    return state;
}
inline Order evolve(Order state, const Noted& /*event*/)
{
    return state;
}

Placed placed_order(std::uint64_t number);
Noted noted_order(std::uint64_t number);

inline constexpr std::size_t event_bytes = 320;

// The same number gives the same event; ids of rising numbers rise, as those of UUID v7 do.
eventloom::Uuid id_of(std::uint64_t number);
eventloom::NewEvent event_of(std::uint64_t number);

// Evenly spread numbers from a number.
std::uint64_t mixed(std::uint64_t number);

} // namespace bench
