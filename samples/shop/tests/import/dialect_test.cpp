// How a file is written is found from the whole of it, or the file is refused whole. tests/dialects has whole files of each kind.
#include "import/dialect.hpp"
#include "support/every_store.hpp"

#include <catch2/catch.hpp>

#include <fstream>

namespace shop_dialect_test {

using namespace shop;
using eventloom::testing::TemporaryDirectory;

const std::string header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

std::string dated(const std::string& date)
{
    return "1,A,TEA,1," + date + ",2.00,1,Norway\n";
}
std::string priced(const std::string& price)
{
    return "1,A,TEA,1,2010-12-01,\"" + price + "\",1,Norway\n";
}

el::result<Dialect> find(const std::string& content, const DialectAsked& asked = {})
{
    const TemporaryDirectory directory;
    const auto path = directory.path() + "/file.csv";
    std::ofstream{path, std::ios::binary} << content;
    return find_dialect(path, asked);
}

bool says(const el::result<Dialect>& found, const std::string& words)
{
    REQUIRE_FALSE(found);
    INFO(found.error().sentence);
    CHECK(found.error().sentence.find(words) != std::string::npos);
    return found.error().sentence.find(words) != std::string::npos;
}

std::string said(const Dialect& dialect, const std::string& what)
{
    for (const auto& [name, found] : dialect.found) {
        if (name == what) return found;
    }
    return {};
}

TEST_CASE("one late row shows in which order the dates of all rows are written", "[shop][import][dialect]")
{
    std::string rows = header;
    for (int day = 1; day < 10; ++day) rows += dated(std::to_string(day) + "/12/2010 8:26");
    const auto day_first = find(rows + dated("13/12/2010 8:26"));
    REQUIRE(day_first);
    CHECK(day_first.value().dates == DateOrder::dmy);
    CHECK(said(day_first.value(), "dates") ==
          "day first, as \"13/12/2010 8:26\" in line 11 says; \"1/12/2010 8:26\" in line 2 is 2010-12-01 08:26; from "
          "2010-12-01 08:26 to 2010-12-13 08:26");
    const auto month_first = find(rows + dated("1/13/2010 8:26"));
    REQUIRE(month_first);
    CHECK(month_first.value().dates == DateOrder::mdy);
}

TEST_CASE("dates that have two readings are refused with both, unless the order is asked for",
          "[shop][import][dialect]")
{
    const auto rows    = header + dated("1/1/2010") + dated("1/12/2010") + dated("99/99/9999");
    const auto refused = find(rows);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "ambiguous-dates");
    CHECK(says(refused,
               "\"1/12/2010\" in line 3 is 2010-12-01 00:00 with --dates dmy and 2010-01-12 00:00 with --dates mdy"));
    for (const auto order : {DateOrder::dmy, DateOrder::mdy, DateOrder::ymd}) {
        const auto asked = find(rows, {.dates = order, .decimal = {}});
        REQUIRE(asked);
        CHECK(asked.value().dates == order);
    }
    // Whatever the order, these days are the same.
    CHECK(find(header + dated("1/1/2010") + dated("2/2/2010") + dated("2010-03-04")));
}

TEST_CASE("two rows that exclude each other are both named, and the file is refused", "[shop][import][dialect]")
{
    const auto dates = find(header + dated("1/12/2010") + dated("13/12/2010") + dated("12/13/2010"));
    CHECK(says(dates, "\"13/12/2010\" in line 3 can only be dmy, and \"12/13/2010\" in line 4 can only be mdy"));
    CHECK(dates.error().code == "contradictory-dates");
    const auto day_second = find(header + dated("2010/01/12") + dated("2010/12/01") + dated("2010/13/12"));
    CHECK(says(day_second, "the day before the month, with the year first: \"2010/13/12\" in line 4"));
    CHECK(day_second.error().code == "contradictory-dates");
    CHECK(find(header + dated("2010/12/13") + dated("2010/13/12"))); // damaged: another row is proof
    CHECK(find(header + dated("2010-12-01") + dated("2010-13-01")));
    const auto numbers = find(header + priced("2,55") + priced("3") + priced("2.55"));
    CHECK(says(numbers, "\"2,55\" in line 2 can only be comma, and \"2.55\" in line 4 can only be point"));
    CHECK(numbers.error().code == "contradictory-numbers");
}

TEST_CASE("a year of two digits may stand first, so that a day of two digits does not show that the day does",
          "[shop][import][dialect]")
{
    CHECK(says(find(header + dated("13/12/10")),
               "2010-12-13 00:00 with --dates dmy and 2013-12-10 00:00 with --dates ymd"));
    CHECK(find(header + dated("13/12/10") + dated("1/12/10")).value().dates == DateOrder::dmy);
    CHECK(find(header + dated("12/13/10") + dated("12/01/10")).value().dates == DateOrder::mdy);
}

TEST_CASE("one number shows what the decimal mark of all numbers is", "[shop][import][dialect]")
{
    CHECK(find(header + priced("1.234") + priced("2,5")).value().decimal == DecimalMark::comma);
    CHECK(find(header + priced("1,234") + priced("2.5")).value().decimal == DecimalMark::point);
    CHECK(find(header + priced("1.234") + priced("1.234.567")).value().decimal == DecimalMark::comma);
    CHECK(find(header + priced("1.234") + priced("0.125")).value().decimal == DecimalMark::point);
    const auto refused = find(header + priced("1") + priced("1.250"));
    CHECK(says(refused, "\"1.250\" in line 3 is 1.25 with --decimal point and 1250 with --decimal comma"));
    CHECK(refused.error().code == "ambiguous-numbers");
    CHECK(find(header + priced("1.250"), {.dates = {}, .decimal = DecimalMark::comma}).value().decimal ==
          DecimalMark::comma);
}

TEST_CASE("columns that may both be meant are refused by name, and the name of the data set wins",
          "[shop][import][dialect]")
{
    const auto with = [](const std::string& names) {
        return "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,CustomerID,Country," + names + "\n";
    };
    CHECK(says(find(with("Price,Item_Price")), "\"Price\" and \"Item_Price\""));
    CHECK(find(with("Price,Item_Price")).error().code == "ambiguous-columns");
    CHECK(find(with("Price,UnitPrice")));
    CHECK(said(find(with("Price,Total")).value(), "columns") == "UnitPrice from \"Price\"");
    CHECK(says(find(with("Total")), "no column UnitPrice in its first row, which is \"InvoiceNo\""));
}

TEST_CASE("a file that is no text is refused with the name of what it is", "[shop][import][dialect]")
{
    CHECK(says(find(std::string("PK\x03\x04\0\0", 6)), "XLSX"));
    CHECK(says(find("<table><tr>"), "HTML"));
    CHECK(says(find("\x1F\x8B\x08"), "gzip"));
    CHECK(says(find("[{\"InvoiceNo\": 1}]"), "JSON"));
    CHECK(says(find("%PDF-1.4"), "PDF"));
    CHECK(find("%PDF-1.4").error().code == "not-a-text-file");
}

} // namespace shop_dialect_test
