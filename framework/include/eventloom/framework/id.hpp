// Identities. A typed one: an order's id is no customer's id, though both are text. And one of 128 bits: of an event, a command, a
// correlation.
//
//     struct Order;                              // may be incomplete here
//     using OrderId = el::id<Order>;
//     OrderId{"1042"}.stream();                  // "order-1042", by Order::category
//
//     const el::Uuid command_id = el::derived_uuid({"fulfilment-536365", "take the payment"}); // the same words, the same id
//     const el::Uuid fresh      = runtime.ids.next();                                          // UUID v7: ordered by time
//
// Threads: values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace eventloom {

namespace detail {

std::string stream_of(std::string_view category, std::string_view id);

} // namespace detail

template <class Of>
struct id {
    std::string value;

    // The stream in which the thing lives. Of must be an aggregate.
    std::string stream() const { return detail::stream_of(Of::category, value); }

    friend auto operator<=>(const id&, const id&) = default;
};

namespace detail {

template <class T>
inline constexpr bool is_id = false;
template <class Of>
inline constexpr bool is_id<id<Of>> = true;

} // namespace detail

// The id in a stream's name: id_of_stream<Order>("order-1042") is OrderId{"1042"}. Without a hyphen it is empty.
template <class Of>
id<Of> id_of_stream(std::string_view stream)
{
    const auto hyphen = stream.find('-');
    return {hyphen == std::string_view::npos ? std::string{} : std::string{stream.substr(hyphen + 1)}};
}

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    // The nil id (all zero) stands for "none".
    bool is_nil() const { return *this == Uuid{}; }

    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

// "0192f0c1-7b1a-7c3e-9f00-1b2c3d4e5f60"
std::string to_string(const Uuid& id);

// Reads the form that to_string writes, upper or lower case; nothing else.
std::optional<Uuid> parse_uuid(std::string_view text);

// An id that depends on the words alone (RFC 9562 version 8, from the 128-bit XXH3 hash of the length-prefixed words).
// The same words give the same id on every machine and in every version: ids that are derived are how a thing that is
// sent twice acts once.
Uuid derived_uuid(std::initializer_list<std::string_view> words);

} // namespace eventloom
