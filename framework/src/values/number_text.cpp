#include <eventloom/framework/number_text.hpp>

#include <charconv>
#include <cmath>

namespace eventloom {

namespace {

template <class Number>
std::string text_of(Number number)
{
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
    char digits[32];
    return {digits, std::to_chars(std::begin(digits), std::end(digits), number).ptr};
}

} // namespace

std::string number_text(double number)
{
    return text_of(number);
}

std::string number_text(float number)
{
    return text_of(number);
}

std::optional<double> number_of(std::string_view text)
{
    double number           = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

double with_the_same_digits(float number)
{
    return std::isfinite(number) ? *number_of(text_of(number)) : double{number};
}

} // namespace eventloom
