#include "numbers.hpp"

#include "cell.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace shop {

namespace {

constexpr std::size_t most_digits   = 40;
constexpr std::size_t double_digits = 15; // that every double holds

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), is_digit);
}

struct Currency {
    std::string_view written;
    std::string_view name;
};
constexpr Currency signs[]{
    {"\xC2\xA3", "GBP"}, {"\xE2\x82\xAC", "EUR"}, {"US$", "USD"}, {"$", "$"}, {"\xC2\xA5", "JPY"}};

bool is_code(std::string_view text)
{
    return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// Takes a currency off the front or the end of `text`, once.
bool take_currency(std::string_view& text, std::string& currency)
{
    if (not currency.empty()) return false;
    for (const auto& sign : signs) {
        if (text.starts_with(sign.written)) {
            text.remove_prefix(sign.written.size());
        } else if (text.ends_with(sign.written)) {
            text.remove_suffix(sign.written.size());
        } else {
            continue;
        }
        currency = sign.name;
        return true;
    }
    if (text.size() <= 3) return false;
    if (is_code(text.substr(0, 3))) {
        currency = text.substr(0, 3);
        text.remove_prefix(3);
    } else if (is_code(text.substr(text.size() - 3))) {
        currency = text.substr(text.size() - 3);
        text.remove_suffix(3);
    }
    return not currency.empty();
}

// Takes what stands around the digits, in whatever order.
bool take_signs(std::string_view& text, Number& number)
{
    bool has_sign = false;
    for (;;) {
        text            = trimmed(text);
        const auto sign = text.find_first_of("+-") == 0 ? text.front() : '\0';
        if (sign != '\0' || text.ends_with('-') || (text.starts_with('(') && text.ends_with(')'))) {
            if (has_sign) return false;
            has_sign        = true;
            number.negative = sign != '+';
            if (text.starts_with('(')) text.remove_suffix(1);
            if (sign != '\0' || text.starts_with('(')) {
                text.remove_prefix(1);
            } else {
                text.remove_suffix(1);
            }
        } else if (not take_currency(text, number.currency)) {
            return true;
        }
    }
}

// "1,234,567" without its separators; nothing when the groups are not of three digits.
std::optional<std::string> without_separators(std::string_view whole, char separator)
{
    std::string digits;
    std::size_t in_group = 0;
    bool grouped         = false;
    for (const char c : whole) {
        if (is_digit(c)) {
            digits.push_back(c);
            ++in_group;
        } else {
            if (c != separator && c != ' ' && c != '\'') return std::nullopt;
            if (grouped ? in_group != 3 : in_group == 0 || in_group > 3 || digits.front() == '0') return std::nullopt;
            grouped  = true;
            in_group = 0;
        }
    }
    if (grouped && in_group != 3) return std::nullopt;
    return digits;
}

} // namespace

std::optional<Number> parse_number(std::string_view written, DecimalMark mark)
{
    const std::string text = plain(written);
    std::string_view rest  = text;
    Number number;
    if (not take_signs(rest, number)) return std::nullopt;

    const auto e = rest.find_first_of("eE");
    if (e != std::string_view::npos) {
        auto exponent = rest.substr(e + 1);
        if (exponent.starts_with('+')) exponent.remove_prefix(1);
        const auto end            = exponent.data() + exponent.size();
        const auto [stop, failed] = std::from_chars(exponent.data(), end, number.exponent);
        if (failed != std::errc{} || stop != end || std::abs(number.exponent) > 30) return std::nullopt;
        rest = rest.substr(0, e);
    }
    const auto point    = rest.find(mark == DecimalMark::point ? '.' : ',');
    const auto fraction = point == std::string_view::npos ? std::string_view{} : rest.substr(point + 1);
    auto digits         = without_separators(rest.substr(0, point), mark == DecimalMark::point ? ',' : '.');
    if (not digits || not all_digits(fraction)) return std::nullopt;
    if (point == std::string_view::npos ? digits->empty() : fraction.empty()) return std::nullopt;
    *digits += fraction;
    if (digits->size() > most_digits) return std::nullopt;
    number.exponent -= static_cast<int>(fraction.size());
    while (number.exponent < 0 && digits->ends_with('0') && digits->size() > 1) digits->pop_back(), ++number.exponent;
    digits->erase(0, std::min(digits->find_first_not_of('0'), digits->size() - 1));
    number.digits = std::move(*digits);
    return number;
}

std::optional<std::int64_t> Number::scaled(int places) const
{
    const auto with_sign = [&](std::int64_t size) { return negative ? -size : size; };
    const auto zeros     = exponent + places;
    if (digits == "0") return 0;
    if (zeros < 0) {
        if (digits.size() < double_digits) return std::nullopt;
        const auto text = fmt::format("{}e{}", digits, exponent);
        double value    = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        const double power = std::pow(10.0, places);
        const double whole = std::round(value * power);
        if (whole > 1e15 || whole / power != value) return std::nullopt;
        return with_sign(static_cast<std::int64_t>(whole));
    }
    const auto text   = digits + std::string(static_cast<std::size_t>(zeros), '0');
    std::int64_t size = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), size).ec != std::errc{}) return std::nullopt;
    return with_sign(size);
}

std::string to_string(const Number& number)
{
    std::string text = number.digits;
    if (number.exponent > 0) text += std::string(static_cast<std::size_t>(number.exponent), '0');
    if (number.exponent < 0) {
        const auto places = static_cast<std::size_t>(-number.exponent);
        if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
        text.insert(text.size() - places, ".");
    }
    return (number.negative ? "-" : "") + text;
}

} // namespace shop
