#include "support/orders/order_event.hpp"

#include "support/measuring/measure.hpp"

#include <eventloom/framework/event_codec.hpp>

#include <algorithm>

namespace bench {

namespace el = eventloom;

std::uint64_t mixed(std::uint64_t number)
{
    number += 0x9e3779b97f4a7c15;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
    return number ^ (number >> 31);
}

Placed placed_order(std::uint64_t number)
{
    Placed placed{.customer = "customer-" + std::to_string(number % 100'000), .lines = {}, .total = 0};
    for (std::uint64_t i = 0; i < 3; ++i) {
        const auto drawn = mixed(number * 3 + i);
        placed.lines.push_back({"sku-" + std::to_string(drawn % 100'000), static_cast<std::int64_t>(drawn % 12 + 1),
                                static_cast<std::int64_t>(drawn % 10'000)});
        placed.total += placed.lines.back().quantity * placed.lines.back().price;
    }
    return placed;
}

Noted noted_order(std::uint64_t number)
{
    const auto placed = placed_order(number);
    Noted noted{placed.customer, placed.lines, placed.total, {}};
    std::string bytes;
    el::codec<Noted>::encode(noted, bytes);
    // The length of a note of more than 127 bytes takes one byte more than that of none.
    for (auto i = number; noted.note.size() < event_bytes - bytes.size() - 1; ++i) {
        const auto drawn = mixed(i);
        noted.note.append(reinterpret_cast<const char*>(&drawn),
                          std::min(sizeof drawn, event_bytes - bytes.size() - 1 - noted.note.size()));
    }
    return noted;
}

el::Uuid id_of(std::uint64_t number)
{
    el::Uuid id;
    const std::uint64_t milliseconds = 1'750'000'000'000 + number / 1'000;
    for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
    const std::uint64_t in_millisecond = number % 1'000;
    id.bytes[6]                        = static_cast<std::uint8_t>(0x70 | in_millisecond >> 8);
    id.bytes[7]                        = static_cast<std::uint8_t>(in_millisecond);
    const auto drawn                   = mixed(number);
    for (int i = 0; i < 8; ++i) id.bytes[8 + i] = static_cast<std::uint8_t>(drawn >> (8 * i));
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

el::NewEvent event_of(std::uint64_t number)
{
    el::NewEvent event;
    event.id   = id_of(number);
    event.type = "order-noted";
    el::codec<Noted>::encode(noted_order(number), event.data);
    require(event.data.size() == event_bytes, "an event has 320 bytes");
    return event;
}

} // namespace bench

template const eventloom::EventTypes& eventloom::event_types<bench::Order>();
template struct eventloom::codec<bench::Placed>;
