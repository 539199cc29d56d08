// Money is exact, on the way in and on the way out.
#include "money.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace shop_money_test {

using shop::Money;
using shop::parse_money;

TEST_CASE("an amount of money is read to the penny", "[shop][money]")
{
    CHECK(parse_money("2.55") == Money{255});
    CHECK(parse_money("2.5") == Money{250});
    CHECK(parse_money("2") == Money{200});
    CHECK(parse_money("0.07") == Money{7});
    CHECK(parse_money("2.5500") == Money{255});
    CHECK(parse_money("1000000000") == Money{100'000'000'000});
}

TEST_CASE("every amount up to a thousand pounds is read as it is shown", "[shop][money]")
{
    for (std::int64_t pence = 0; pence < 100'000; ++pence) {
        if (parse_money(to_string(Money{pence})) != Money{pence}) FAIL(pence);
    }
    SUCCEED();
}

TEST_CASE("what is no amount of money in whole pence is not read as one", "[shop][money]")
{
    const std::string text = GENERATE("", ".", "2.", ".5", "0.001", "-1", "+1", "1e2", "0x10", "nan", "1,000", "2 ",
                                      "2.5.5", "1000000001", "99999999999999999999", "2.99999999999999999999");
    INFO(text);
    CHECK_FALSE(parse_money(text));
}

TEST_CASE("money is shown in pounds and pence, below zero too", "[shop][money]")
{
    CHECK(to_string(Money{0}) == "0.00");
    CHECK(to_string(Money{7}) == "0.07");
    CHECK(to_string(Money{123'456'789}) == "1,234,567.89");
    CHECK(to_string(Money{-7}) == "-0.07");
    CHECK(to_string(Money{-123'456}) == "-1,234.56");
}

} // namespace shop_money_test
