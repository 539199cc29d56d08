// What does it cost to write and to read one order event, beside cereal's own archive and beside code by hand?
#include "benches.hpp"

#include "support/orders/order_event.hpp"

#include <eventloom/framework/detail/codec.hpp>

#include <cereal/archives/binary.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>

#include <cstring>
#include <sstream>

namespace bench {

namespace {

namespace el = eventloom;

// The same struct again for cereal's archive, which must be told the members.
struct CerealLine {
    std::string sku;
    std::int64_t quantity = 1;
    std::int64_t price    = 0;
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(sku, quantity, price);
    }
};
struct CerealPlaced {
    std::string customer;
    std::vector<CerealLine> lines;
    std::int64_t total = 0;
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(customer, lines, total);
    }
};

// By hand: fixed widths, lengths of four bytes, and every length checked, for bytes may be damaged.
void put(std::string& out, std::int64_t number)
{
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put(std::string& out, std::string_view text)
{
    const auto size = static_cast<std::uint32_t>(text.size());
    out.append(reinterpret_cast<const char*>(&size), sizeof size);
    out.append(text);
}

void encode_by_hand(const Placed& placed, std::string& out)
{
    put(out, placed.customer);
    const auto lines = static_cast<std::uint32_t>(placed.lines.size());
    out.append(reinterpret_cast<const char*>(&lines), sizeof lines);
    for (const Line& line : placed.lines) {
        put(out, line.sku);
        put(out, line.quantity);
        put(out, line.price);
    }
    put(out, placed.total);
}

template <class Number>
bool take(std::string_view& from, Number& number)
{
    if (from.size() < sizeof number) return false;
    std::memcpy(&number, from.data(), sizeof number);
    from.remove_prefix(sizeof number);
    return true;
}

bool take(std::string_view& from, std::string& text)
{
    std::uint32_t size = 0;
    if (not take(from, size) || from.size() < size) return false;
    text.assign(from.data(), size);
    from.remove_prefix(size);
    return true;
}

bool decode_by_hand(std::string_view from, Placed& placed)
{
    constexpr std::size_t least_line = 4 + 8 + 8;
    std::uint32_t lines              = 0;
    if (not take(from, placed.customer) || not take(from, lines) || from.size() / least_line < lines) return false;
    placed.lines.resize(lines);
    for (Line& line : placed.lines) {
        if (not take(from, line.sku) || not take(from, line.quantity) || not take(from, line.price)) return false;
    }
    return take(from, placed.total) && from.empty();
}

CerealPlaced for_cereal(const Placed& placed)
{
    CerealPlaced copy{placed.customer, {}, placed.total};
    for (const Line& line : placed.lines) copy.lines.push_back({line.sku, line.quantity, line.price});
    return copy;
}

std::string encode_with_cereal(const CerealPlaced& placed)
{
    std::ostringstream out;
    cereal::BinaryOutputArchive archive{out};
    archive(placed);
    return out.str();
}

constexpr std::uint64_t different_orders = 64;

// Nanoseconds an operation; `work` does one for the order with this number.
template <class Work>
Contender timed(const char* who, std::uint64_t count, Work work)
{
    return {who, [count, work] {
                for (std::uint64_t i = 0; i < count; ++i) work(i % different_orders);
                return count;
            }};
}

Row in_nanoseconds(std::string name, std::vector<Figure> figures)
{
    for (Figure& figure : figures) {
        Spread& spread = figure.spread;
        spread         = {1e9 / spread.median, 1e9 / spread.most, 1e9 / spread.least};
    }
    return {.name    = std::move(name),
            .unit    = "ns",
            .target  = Target::at_most_times_the_last(1.5),
            .figures = std::move(figures)};
}

} // namespace

std::vector<Row> measure_codec(const Scale& scale)
{
    say("codec");
    const auto count = scale.of(1'000'000, 100'000);
    std::vector<Placed> orders;
    std::vector<CerealPlaced> cereal_orders;
    std::vector<std::string> ours;
    std::vector<std::string> cereals;
    std::vector<std::string> by_hand;
    for (std::uint64_t i = 0; i < different_orders; ++i) {
        orders.push_back(placed_order(i));
        cereal_orders.push_back(for_cereal(orders[i]));
        el::codec<Placed>::encode(orders[i], ours.emplace_back());
        encode_by_hand(orders[i], by_hand.emplace_back());
        cereals.push_back(encode_with_cereal(cereal_orders[i]));
    }
    std::string out;
    std::uint64_t bytes = 0;
    const auto encode   = [&](auto one) {
        return [&, one](std::uint64_t i) {
            out.clear();
            one(i);
            bytes += out.size();
        };
    };
    const auto encoded = measure_in_turns(
        scale.rounds,
        {timed("Eventloom", count, encode([&](std::uint64_t i) { el::codec<Placed>::encode(orders[i], out); })),
         timed("cereal", count, [&](std::uint64_t i) { bytes += encode_with_cereal(cereal_orders[i]).size(); }),
         timed("by hand", count, encode([&](std::uint64_t i) { encode_by_hand(orders[i], out); }))});
    require(bytes > 0, "orders are encoded");

    std::int64_t total = 0;
    const auto decoded =
        measure_in_turns(scale.rounds, {timed("Eventloom", count,
                                              [&](std::uint64_t i) {
                                                  const auto placed = el::codec<Placed>::decode(ours[i]);
                                                  total += placed.value().total - orders[i].total;
                                              }),
                                        timed("cereal", count,
                                              [&](std::uint64_t i) {
                                                  std::istringstream in{cereals[i]};
                                                  cereal::BinaryInputArchive archive{in};
                                                  CerealPlaced placed;
                                                  archive(placed);
                                                  total += placed.total - orders[i].total;
                                              }),
                                        timed("by hand", count, [&](std::uint64_t i) {
                                            Placed placed;
                                            require(decode_by_hand(by_hand[i], placed), "an order is decoded");
                                            total += placed.total - orders[i].total;
                                        })});
    require(total == 0, "orders are decoded as they were");
    return {in_nanoseconds("encode an order event", encoded), in_nanoseconds("decode an order event", decoded)};
}

} // namespace bench
