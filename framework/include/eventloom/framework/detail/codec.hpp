// Values to bytes and back.
//
//     std::string bytes;
//     el::codec<OrderSummary>::encode(row, bytes);
//     BOOST_OUTCOME_TRY(auto row, el::codec<OrderSummary>::decode(bytes));
//
// This header only declares; <eventloom/framework/event_codec.hpp> defines. Include that one in the one source file that says
// `template struct eventloom::codec<OrderSummary>;`. Types with cereal functions of their own: see cereal_codec.hpp.
// Threads: pure functions.
#pragma once

#include <eventloom/framework/detail/shape.hpp>
#include <eventloom/framework/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

template <class T>
struct codec {
    // Puts the bytes of `value` at the end of `out`.
    static void encode(const T& value, std::string& out);
    // The same, and says where in `out` its personal parts begin (personal.hpp).
    static void encode(const T& value, std::string& out, std::vector<std::size_t>& personal_places);

    // Reads exactly one value. Damaged bytes are an error, never a crash, and never make it allocate more than a small
    // multiple of their own size. Failure::corrupt "damaged-value", "value-too-deep", "trailing-bytes".
    static result<T> decode(std::string_view bytes);

    // One line of JSON, members by name, for people to look at.
    static std::string to_json(const T& value);

    // The names and types of what is stored.
    static const Shape& shape();
};

} // namespace eventloom
