#include "money.hpp"

#include <eventloom/service/output.hpp>

namespace shop {

std::string to_string(Money money)
{
    const auto pounds      = money.pence / 100;
    const auto rest        = money.pence < 0 ? -(money.pence % 100) : money.pence % 100;
    const std::string sign = money.pence < 0 && pounds == 0 ? "-" : "";
    return sign + eventloom::with_separators(pounds) + (rest < 10 ? ".0" : ".") + std::to_string(rest);
}

} // namespace shop
