// How a floating-point number is written wherever people or programs read it: with the fewest digits that give it again,
// and with one word for each of what JSON has no number for.
//
//     number_text(0.3F);                                           // "0.3", not "0.300000012"
//     number_text(std::numeric_limits<double>::quiet_NaN());       // "NaN"; and "Infinity", "-Infinity"
//     number_of("-Infinity");                                      // what was written can be read
//
// In JSON the words are strings. In an order NaN equals itself and stands after Infinity; -0 equals 0.
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eventloom {

std::string number_text(double number);
std::string number_text(float number);

// Nothing: the text is no number.
std::optional<double> number_of(std::string_view text);

// The number whose digits are those of a float: 0.3 for 0.3F, where a cast gives 0.30000001192092896.
double with_the_same_digits(float number);
inline double with_the_same_digits(double number)
{
    return number;
}

} // namespace eventloom
