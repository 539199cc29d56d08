// Numbers in the forms that people, tills and spreadsheets write.
#include "import/numbers.hpp"

#include <catch2/catch.hpp>

namespace shop_numbers_test {

using namespace shop;

std::optional<std::int64_t> cents(const std::string& text, DecimalMark mark)
{
    const auto number = parse_number(text, mark);
    return number ? number->scaled(2) : std::nullopt;
}

struct Meaning {
    std::string point; // the text with a decimal point
    std::string comma; // and with a decimal comma
    std::int64_t cents;
};

TEST_CASE("a number is exact, with a decimal point and with a decimal comma", "[shop][import][numbers]")
{
    const auto& [point, comma, expected] = GENERATE(values<Meaning>({
        {"2", "2", 200},
        {"2.5", "2,5", 250},
        {"2.55000", "2,55000", 255},
        {".5", ",5", 50},
        {"007.00", "007,00", 700},
        {"1,234.50", "1.234,50", 123450},
        {"1,234,567", "1.234.567", 123456700},
        {"1 234.50", "1 234,50", 123450},
        {"1\xC2\xA0"
         "234\xE2\x80\xAF"
         "567.50",
         "1\xC2\xA0"
         "234\xE2\x80\xAF"
         "567,50",
         123456750},
        {"1'234.50",
         "1\xE2\x80\x99"
         "234,50",
         123450},
        {"\xC2\xA3"
         "2.55",
         "2,55 \xC2\xA3", 255},
        {"GBP 2.55", "2,55GBP", 255},
        {"-2.55", "-2,55", -255},
        {"2.55-", "2,55-", -255},
        {"(2.55)", "( 2,55 )", -255},
        {"-\xC2\xA3"
         "2.55",
         "(\xC2\xA3"
         "2,55)",
         -255},
        {"\xE2\x88\x92"
         "2.55",
         "\xE2\x80\x93"
         "2,55",
         -255},
        {"+2.55", "+2,55", 255},
        {"-0", "(0,00)", 0},
        {"2.55E+00", "2,55e0", 255},
        {"1.2345E+03", "1,2345E3", 123450},
        {"255E-2", "255E-2", 255},
        {"2.5499999999999998", "2,5499999999999998", 255},
        {"1.1499999999999999", "1,1499999999999999", 115},
        {"12345678.9000000004", "12345678,9000000004", 1234567890},
    }));
    INFO(point << ", " << comma);
    CHECK(cents(point, DecimalMark::point) == expected);
    CHECK(cents(comma, DecimalMark::comma) == expected);
}

TEST_CASE("a number with a separator in the wrong place is none, and is not read with the separator left out",
          "[shop][import][numbers]")
{
    const auto* text = GENERATE("", "-", "(", "()", ".", "free", "nan", "inf", "1e", "1e999999999999", "0x10", "1_000",
                                "--1", "-(1)", "(1)-", "1-2", "12,34", "1,23", "1,2345", "1234,567", ",123", "0,123",
                                "1,,234", "1,234,5", "1.2.3", "1.234,5", "1. 5", "1 23", "GBP", "GBP 1 EUR",
                                "\xC2\xA3\xC2\xA3"
                                "1",
                                "1 GB", "2.55 pounds");
    INFO(text);
    CHECK_FALSE(parse_number(text, DecimalMark::point));
}

TEST_CASE("an amount that is not whole in hundredths is not rounded", "[shop][import][numbers]")
{
    const auto* text = GENERATE("0.001", "2.555", "1e-3", "2.549999999999", "99999999999999999999", "9.9e30");
    INFO(text);
    CHECK(parse_number(text, DecimalMark::point));
    CHECK_FALSE(cents(text, DecimalMark::point));
}

TEST_CASE("a currency is known on either side of the number", "[shop][import][numbers]")
{
    CHECK(parse_number("\xE2\x82\xAC 5", DecimalMark::point)->currency == "EUR");
    CHECK(parse_number("5 EUR", DecimalMark::point)->currency == "EUR");
    CHECK(parse_number("US$5", DecimalMark::point)->currency == "USD");
    CHECK(parse_number("$5", DecimalMark::point)->currency == "$");
    CHECK(parse_number("5", DecimalMark::point)->currency.empty());
}

} // namespace shop_numbers_test
