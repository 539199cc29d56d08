// Numbers as people and spreadsheets write them.
//
//     parse_number("1.234,50 €", DecimalMark::comma)->scaled(2) == 123'450
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shop {

enum class DecimalMark : std::uint8_t { point, comma };

struct Number {
    bool negative = false;
    std::string digits;   // "0" or without a zero in front
    int exponent = 0;     // of ten: what the digits are times
    std::string currency; // "GBP", "EUR", "$", or nothing

    bool operator==(const Number&) const = default;

    // The number times ten to the power of `places`; nothing when that is not whole or too large. 2.5499999999999998, as a
    // program writes the double that is nearest to 2.55, is 2.55.
    std::optional<std::int64_t> scaled(int places) const;
};

// A sign on either side or parentheses, a currency on either side, groups of three digits apart by the mark that is not the
// decimal one, by a blank or by an apostrophe, and an exponent. Nothing when the text is no number with this mark.
std::optional<Number> parse_number(std::string_view text, DecimalMark mark);

// "-1234.5"
std::string to_string(const Number& number);

} // namespace shop
