// A typed identity: an order's id is no customer's id, though both are text.
//
//     struct Order;                              // may be incomplete here
//     using OrderId = el::id<Order>;
//     OrderId{"1042"}.stream();                  // "order-1042", by Order::category
//
// Threads: a value.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace eventloom {

template <class Of>
struct id {
    std::string value;

    // The stream in which the thing lives. Of must be an aggregate.
    std::string stream() const { return std::string{Of::category} + "-" + value; }

    friend auto operator<=>(const id&, const id&) = default;
};

namespace detail {

template <class T>
inline constexpr bool is_id = false;
template <class Of>
inline constexpr bool is_id<id<Of>> = true;

} // namespace detail

// The id in a stream's name: "1042" of "order-1042"; empty when the stream has no hyphen.
template <class Of>
id<Of> id_of_stream(std::string_view stream)
{
    const auto hyphen = stream.find('-');
    return {hyphen == std::string_view::npos ? std::string{} : std::string{stream.substr(hyphen + 1)}};
}

} // namespace eventloom
