// How a type is stored: the names and types of its members, as a text and as a number.
//
//     codec<Paid>::shape().text;           // "{receipt:text,amount:{pence:s8}}"
//     codec<Paid>::shape().fingerprint;    // a hash of it
//
// What is stored under a version carries its shape, so that another one under the same version is noticed, never guessed. A type
// whose shape is not known (description.hpp says which) is never refused. docs/format.md, "Shapes", says which text stands for
// what. Threads: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace eventloom {

struct Shape {
    std::string text;              // empty: not known
    std::uint64_t fingerprint = 0; // of the text; 0: not known
};

// Of a text that is not empty; never 0.
std::uint64_t fingerprint_of(std::string_view text);

// Sixteen hexadecimal digits; nothing for 0.
std::string digits_of_fingerprint(std::uint64_t fingerprint);

// Not when both are known and differ.
inline bool may_be_same_shape(std::uint64_t one, std::uint64_t other)
{
    return one == 0 || other == 0 || one == other;
}

// For people: "price (s8) and deposit (s8) have changed places", "note (text) was added", "lines: ...".
std::string difference_of_shapes(std::string_view before, std::string_view now);

} // namespace eventloom
