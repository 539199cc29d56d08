// What a row of Online Retail means, and why some rows mean nothing.
#include "import/retail_row.hpp"

#include <eventloom/framework/testing.hpp>

#include <catch2/catch.hpp>

namespace shop_retail_row_test {

using namespace shop;
using Fields = std::vector<std::string>;

const Fields header{"InvoiceNo",   "StockCode", "Description", "Quantity",
                    "InvoiceDate", "UnitPrice", "CustomerID",  "Country"};
enum Column : std::size_t { invoice, sku, description, quantity, date, price, customer, country };

Fields good_row()
{
    return {"536365", "85123A", "HOLDER", "6", "2010-12-01 08:26:00", "2.55", "17850.0", "United Kingdom"};
}

el::result<RetailRow> read(Fields fields, const Fields& columns = header)
{
    const auto known = RetailColumns::from_header({.line = 1, .fields = columns, .damage = {}}, "file.csv");
    REQUIRE(known);
    const Dialect dialect{.form    = {},
                          .columns = known.value(),
                          .width   = columns.size(),
                          .dates   = DateOrder::mdy,
                          .decimal = {},
                          .found   = {}};
    return read_retail_row({.line = 7, .fields = std::move(fields), .damage = {}}, dialect);
}

el::result<RetailRow> read_with(Column column, std::string value)
{
    auto fields    = good_row();
    fields[column] = std::move(value);
    return read(std::move(fields));
}

const BusinessTime when =
    std::chrono::sys_days{std::chrono::year{2010} / 12 / 1} + std::chrono::hours{8} + std::chrono::minutes{26};
const RetailRow understood{7,    "536365",   Sku{"85123A"},       "HOLDER",        6,
                           when, Money{255}, CustomerId{"17850"}, "United Kingdom"};

TEST_CASE("a row is understood as a whole", "[shop][import]")
{
    const auto row = read(good_row());
    REQUIRE(row);
    CHECK(el::same(row.value(), understood));
    CHECK_FALSE(row.value().is_return());
    CHECK_FALSE(row.value().is_write_off());
}

TEST_CASE("columns are found by their names, in any order, among others", "[shop][import]")
{
    const Fields columns{"Country",    "Note",        "UnitPrice", "CustomerID", "InvoiceDate",
                         " Quantity ", "Description", "StockCode", "InvoiceNo"};
    const auto row =
        read({"United Kingdom", "?", "2.55", "17850", "2010-12-01 08:26", "6", "HOLDER", "85123A", "536365"}, columns);
    REQUIRE(row);
    CHECK(el::same(row.value(), understood));
}

TEST_CASE("a file that lacks a column is no Online Retail file", "[shop][import]")
{
    auto columns       = header;
    const auto missing = GENERATE(range(std::size_t{0}, std::size_t{8}));
    columns[missing]   = "Something";
    const auto known   = RetailColumns::from_header({.line = 1, .fields = columns, .damage = {}}, "file.csv");
    REQUIRE_FALSE(known);
    CHECK(known.error().code == "not-online-retail");
    CHECK(known.error().sentence.find(header[missing]) != std::string::npos);
}

struct Meaning {
    Column column;
    std::string value;
    RetailRow row;
};

RetailRow with(void (*change)(RetailRow&))
{
    RetailRow row = understood;
    change(row);
    return row;
}

TEST_CASE("values are read as tills and spreadsheets write them", "[shop][import]")
{
    const auto& [column, value, row] = GENERATE(values<Meaning>({
        {invoice, "536365.0", understood},
        {invoice, " 536365 ", understood},
        {sku, "BANK CHARGES", with([](RetailRow& r) { r.sku.value = "BANK CHARGES"; })},
        {description, "", with([](RetailRow& r) { r.description = ""; })},
        {description, "TEA\nPOT", with([](RetailRow& r) { r.description = "TEA POT"; })},
        {quantity, "6.0", understood},
        {quantity, "1e3", with([](RetailRow& r) { r.quantity = 1000; })},
        {quantity, "(9,600)", with([](RetailRow& r) { r.quantity = -9600; })},
        {quantity, "-9600", with([](RetailRow& r) { r.quantity = -9600; })},
        {date, "2010-12-01 08:26", understood},
        {date, "2010-12-01T08:26", understood},
        {date, "2010-12-01 08:26:00Z", understood},
        {date, "2010-12-01",
         with([](RetailRow& r) { r.time = std::chrono::sys_days{std::chrono::year{2010} / 12 / 1}; })},
        {date, "12/1/2010 8:26", understood},
        {date, "12/1/2010 8:26:00", understood},
        {date, "2012-02-29 08:26:01", with([](RetailRow& r) {
             r.time = std::chrono::sys_days{std::chrono::year{2012} / 2 / 29} + std::chrono::seconds{30361};
         })},
        {price, "0", with([](RetailRow& r) { r.price = {}; })},
        {price, "2.5", with([](RetailRow& r) { r.price = Money{250}; })},
        {price, "2.5500", understood},
        {price, "1e2", with([](RetailRow& r) { r.price = Money{10'000}; })},
        {price, "\xC2\xA3 2.55", understood},
        {price, "2.5499999999999998", understood},
        {price, "38970", with([](RetailRow& r) { r.price = Money{3'897'000}; })},
        {customer, "17850", understood},
        {customer, "17,850", understood},
        {customer, "NA", with([](RetailRow& r) { r.customer.value = "guest"; })},
        {country, "NA", with([](RetailRow& r) { r.country = "NA"; })},
        {customer, "NULL", with([](RetailRow& r) { r.customer.value = "guest"; })},
        {invoice, "=\"536365\"", understood},
        {invoice, "536,365", understood},
        {customer, "", with([](RetailRow& r) { r.customer.value = "guest"; })},
        {customer, "0.0", with([](RetailRow& r) { r.customer.value = "guest"; })},
        {country, "", with([](RetailRow& r) { r.country = "Unspecified"; })},
    }));
    INFO("column " << column << ", value \"" << value << '"');
    const auto read = read_with(column, value);
    REQUIRE(read);
    CHECK(el::same(read.value(), row));
}

TEST_CASE("an invoice that begins with C is a return, and below zero elsewhere it is a write-off", "[shop][import]")
{
    auto fields      = good_row();
    fields[quantity] = "-3";
    CHECK(read(fields).value().is_write_off());
    fields[invoice] = GENERATE("C536379", "c536379");
    CHECK(read(fields).value().is_return());
    CHECK_FALSE(read(fields).value().is_write_off());
}

struct Refusal {
    Column column;
    std::string value;
    std::string reason;
};

TEST_CASE("a row that cannot be right is refused, and the reason names what is wrong", "[shop][import]")
{
    const auto& [column, value, reason] = GENERATE(values<Refusal>({
        {invoice, "", "the invoice number is empty"},
        {invoice, std::string(65, '5'), "the invoice number is longer than 64 bytes"},
        {invoice, "5363\x07", "the invoice number holds control characters"},
        {invoice, "C536379", "a return has a quantity above zero"},
        {sku, "  ", "the stock code is empty"},
        {sku, "85\n123", "the stock code holds control characters"},
        {description, std::string(501, 'x'), "the description is longer than 500 bytes"},
        {description, "\x1B[2J", "the description holds control characters"},
        {quantity, "", "the quantity \"\" is not a whole number"},
        {quantity, "six", "the quantity \"six\" is not a whole number"},
        {quantity, "1.5", "the quantity \"1.5\" is not a whole number"},
        {quantity, "0", "the quantity is 0"},
        {quantity, "99999999999999999999", "the quantity \"99999999999999999999\" is beyond a thousand million"},
        {quantity, "-9223372036854775808", "the quantity \"-9223372036854775808\" is beyond a thousand million"},
        {date, "", "the date \"\" is in no usual form, like 2010-12-01 08:26:00 or 12/1/2010 8:26"},
        {date, "12/2010", "the date \"12/2010\" is in no usual form, like 2010-12-01 08:26:00 or 12/1/2010 8:26"},
        {date, "2010-12-01 8 h",
         "the date \"2010-12-01 8 h\" is in no usual form, like 2010-12-01 08:26:00 or 12/1/2010 8:26"},
        {date, "2011-02-29 08:26:00", "the date \"2011-02-29 08:26:00\" is in no calendar"},
        {date, "13/1/2010 8:26", "the date \"13/1/2010 8:26\" is in no calendar"},
        {date, "257/1/2010 8:26", "the date \"257/1/2010 8:26\" is in no calendar"},
        {date, "1/257/2010 8:26", "the date \"1/257/2010 8:26\" is in no calendar"},
        {date, "67546-12-01 08:26:00", "the date \"67546-12-01 08:26:00\" is in no calendar"},
        {date, "2010-12-01 24:00:00", "the date \"2010-12-01 24:00:00\" is in no calendar"},
        {price, "", "the price \"\" is not an amount of money in whole pence"},
        {price, "0.001", "the price \"0.001\" is not an amount of money in whole pence"},
        {price, "-11062.06", "the price \"-11062.06\" is below zero"},
        {price, "2,55", "the price \"2,55\" is not an amount of money in whole pence"},
        {price, "2.55 EUR", "the price \"2.55 EUR\" is not in pounds, and nothing is converted"},
        {sku, "4.90E+12", "of the stock code \"4.90E+12\" a spreadsheet has dropped digits; keep it as text there"},
        {quantity, "6 PCS", "the quantity \"6 PCS\" is not a whole number"},
        {price, "nan", "the price \"nan\" is not an amount of money in whole pence"},
        {price, "1000000001", "the price \"1000000001\" is not an amount of money in whole pence"},
        {price, "2000000", "the row is worth more than ten million pounds"},
        {customer,
         "17\x7F"
         "850",
         "the customer's id holds control characters"},
        {country, std::string(65, 'x'), "the country is longer than 64 bytes"},
    }));
    INFO("column " << column << ", value \"" << value << '"');
    const auto read = read_with(column, value);
    REQUIRE_FALSE(read);
    CHECK(read.error().sentence == reason);
}

TEST_CASE("a row with a field too few or too many is refused", "[shop][import]")
{
    auto fields = good_row();
    fields.pop_back();
    CHECK(read(fields).error().sentence == "it has 7 fields instead of 8");
    fields.resize(9);
    CHECK(read(fields).error().sentence == "it has 9 fields instead of 8");
}

} // namespace shop_retail_row_test
