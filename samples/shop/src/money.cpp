#include "money.hpp"

#include <eventloom/service/output.hpp>

#include <algorithm>

namespace shop {

std::string to_string(Money money)
{
    const auto pounds      = money.pence / 100;
    const auto rest        = money.pence < 0 ? -(money.pence % 100) : money.pence % 100;
    const std::string sign = money.pence < 0 && pounds == 0 ? "-" : "";
    return sign + eventloom::with_separators(pounds) + (rest < 10 ? ".0" : ".") + std::to_string(rest);
}

std::optional<Money> parse_money(std::string_view text)
{
    constexpr std::int64_t most_pounds = 1'000'000'000;

    const auto is_digit  = [](char c) { return c >= '0' && c <= '9'; };
    const auto point     = text.find('.');
    const auto whole     = text.substr(0, point);
    std::string fraction = point == std::string_view::npos ? "00" : std::string{text.substr(point + 1)};
    if (whole.empty() || whole.size() > 10 || fraction.empty()) return std::nullopt;
    if (not std::all_of(whole.begin(), whole.end(), is_digit)) return std::nullopt;
    if (not std::all_of(fraction.begin(), fraction.end(), is_digit)) return std::nullopt;
    while (fraction.size() > 2 && fraction.back() == '0') fraction.pop_back();
    if (fraction.size() > 2) return std::nullopt;
    if (fraction.size() == 1) fraction.push_back('0');
    const std::int64_t pounds = std::stoll(std::string{whole});
    if (pounds > most_pounds) return std::nullopt;
    return Money{pounds * 100 + std::stoll(fraction)};
}

} // namespace shop

std::string eventloom::text_form<shop::Money>::write(const shop::Money& money)
{
    std::string text = to_string(money);
    text.erase(std::remove(text.begin(), text.end(), ','), text.end());
    return text;
}

std::optional<shop::Money> eventloom::text_form<shop::Money>::read(std::string_view text)
{
    const bool below_zero = text.starts_with('-');
    const auto money      = shop::parse_money(text.substr(below_zero ? 1 : 0));
    return money && below_zero ? shop::Money{} - *money : money;
}
