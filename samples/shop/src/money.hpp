// Money is exact: whole pence.
#pragma once

#include <eventloom/framework/text_form.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shop {

struct Money {
    std::int64_t pence = 0;

    friend auto operator<=>(const Money&, const Money&) = default;
    friend Money operator+(Money left, Money right) { return {left.pence + right.pence}; }
    friend Money operator-(Money left, Money right) { return {left.pence - right.pence}; }
    friend Money operator*(Money price, std::int64_t quantity) { return {price.pence * quantity}; }
    Money& operator+=(Money other) { return *this = *this + other; }
    Money& operator-=(Money other) { return *this = *this - other; }
};

// "-1,234.56"
std::string to_string(Money money);

// "2.55", "2.5" or "2" in whole pence, from 0 up to a thousand million pounds; nothing when the text is anything else.
std::optional<Money> parse_money(std::string_view text);

} // namespace shop

// In `query`: "-1234.56", as it is typed too.
template <>
struct eventloom::text_form<shop::Money> {
    static std::string write(const shop::Money& money);
    static std::optional<shop::Money> read(std::string_view text);
};
