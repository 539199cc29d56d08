#include "retail_row.hpp"

#include "../orders/order.hpp"
#include "cell.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

namespace shop {

namespace {

constexpr std::size_t longest_id   = 64;
constexpr std::size_t longest_text = 500;

// "4.90E+12": a number whose last digits a spreadsheet did not write.
bool has_exponent(std::string_view text)
{
    const auto e = text.find("E+");
    return e != 0 && e != std::string_view::npos && text.find_first_not_of("0123456789.,") == e &&
           text.find_first_not_of("0123456789", e + 2) == std::string_view::npos;
}

el::Error refused(std::string reason)
{
    return {el::Failure::invalid, "row-refused", std::move(reason)};
}

// "17850.0" and "17,850", as spreadsheets write a whole number, are "17850".
std::string number_as_id(std::string_view text, DecimalMark mark)
{
    if (text.ends_with(".0")) text.remove_suffix(2);
    const auto written = plain(text);
    const bool grouped = written.find_first_of(".,' ") != std::string::npos;
    if (not grouped || written.find_first_not_of("0123456789.,' ") != std::string::npos) return std::string{text};
    const auto number = parse_number(written, mark);
    const auto whole  = number ? number->scaled(0) : std::nullopt;
    return whole ? std::to_string(*whole) : std::string{text};
}

el::result<std::string> read_id(std::string_view what, std::string_view text)
{
    text = trimmed(text);
    if (text.empty()) return refused("the " + std::string{what} + " is empty");
    if (text.size() > longest_id) return refused("the " + std::string{what} + " is longer than 64 bytes");
    if (not el::is_clean_name(text)) return refused("the " + std::string{what} + " holds control characters");
    if (has_exponent(text)) {
        return refused("of the " + std::string{what} + " " + in_quotes(text) +
                       " a spreadsheet has dropped digits; keep it as text there");
    }
    return std::string{text};
}

el::result<std::string> read_text(std::string_view what, std::string_view text)
{
    std::string line{trimmed(text)};
    if (line.size() > longest_text) return refused("the " + std::string{what} + " is longer than 500 bytes");
    for (char& c : line) {
        if (c == '\n' || c == '\r' || c == '\t') c = ' ';
    }
    if (not line.empty() && not el::is_clean_name(line)) {
        return refused("the " + std::string{what} + " holds control characters");
    }
    return line;
}

el::result<std::int64_t> read_quantity(std::string_view text, DecimalMark mark)
{
    const auto number   = parse_number(text, mark);
    const auto quantity = number ? number->scaled(0) : std::nullopt;
    if (not number || not number->currency.empty() || (not quantity && number->exponent < 0)) {
        return refused("the quantity " + in_quotes(text) + " is not a whole number");
    }
    if (quantity == 0) return refused("the quantity is 0");
    if (not quantity || *quantity > orders::most_pieces || *quantity < -orders::most_pieces) {
        return refused("the quantity " + in_quotes(text) + " is beyond a thousand million");
    }
    return *quantity;
}

el::result<Money> read_price(std::string_view text, DecimalMark mark)
{
    constexpr std::int64_t most_pence = 100'000'000'000;

    const auto number = parse_number(text, mark);
    if (number && not number->currency.empty() && number->currency != "GBP") {
        return refused("the price " + in_quotes(text) + " is not in pounds, and nothing is converted");
    }
    const auto pence = number ? number->scaled(2) : std::nullopt;
    if (pence && *pence < 0) return refused("the price " + in_quotes(text) + " is below zero");
    if (not pence || *pence > most_pence) {
        return refused("the price " + in_quotes(text) + " is not an amount of money in whole pence");
    }
    return Money{*pence};
}

el::result<BusinessTime> read_time(std::string_view text, DateOrder order)
{
    const auto parsed = parse_date(text, order);
    if (parsed.time) return *parsed.time;
    if (parsed.in_form) return refused("the date " + in_quotes(text) + " is in no calendar");
    return refused("the date " + in_quotes(text) + " is in no usual form, like 2010-12-01 08:26:00 or 12/1/2010 8:26");
}

// Fields of a table that have nothing in them.
std::string_view without_null(std::string_view text)
{
    constexpr std::string_view nulls[]{"NULL", "null", "NA", "NaN", "nan", "None", "N/A", "#N/A", "\\N"};
    text = trimmed(text);
    return std::find(std::begin(nulls), std::end(nulls), text) == std::end(nulls) ? text : std::string_view{};
}

} // namespace

bool is_empty_row(const CsvRow& row)
{
    return row.damage.empty() && std::all_of(row.fields.begin(), row.fields.end(),
                                             [](const std::string& field) { return trimmed(field).empty(); });
}

el::result<RetailRow> read_retail_row(const CsvRow& row, const Dialect& dialect)
{
    if (not row.damage.empty()) return refused(row.damage);
    if (row.fields.size() != dialect.width) {
        return refused(fmt::format("it has {} fields instead of {}", row.fields.size(), dialect.width));
    }
    for (auto place = dialect.columns.width(); place < row.fields.size(); ++place) {
        if (not row.fields[place].empty()) {
            return refused(fmt::format("it has {} fields, and the first row names {}", row.fields.size(),
                                       dialect.columns.width()));
        }
    }
    using Columns    = RetailColumns;
    const auto field = [&](Columns::Column column) { return trimmed(dialect.columns.field(row, column)); };
    const auto mark  = dialect.decimal;
    RetailRow read;
    read.line = row.line;
    BOOST_OUTCOME_TRY(read.invoice, read_id("invoice number", number_as_id(field(Columns::invoice), mark)));
    BOOST_OUTCOME_TRY(read.sku.value, read_id("stock code", field(Columns::sku)));
    BOOST_OUTCOME_TRY(read.description, read_text("description", without_null(field(Columns::description))));
    BOOST_OUTCOME_TRY(read.quantity, read_quantity(field(Columns::quantity), mark));
    BOOST_OUTCOME_TRY(read.time, read_time(field(Columns::date), dialect.dates));
    BOOST_OUTCOME_TRY(read.price, read_price(field(Columns::price), mark));
    read.country    = "Unspecified";
    const auto land = field(Columns::country); // NA is Namibia
    if (const auto where = land == "NA" ? land : without_null(land); not where.empty()) {
        BOOST_OUTCOME_TRY(read.country, read_id("country", where));
    }
    const auto who = number_as_id(without_null(field(Columns::customer)), mark);
    if (who.empty() || who == "0") {
        read.customer.value = "guest";
    } else {
        BOOST_OUTCOME_TRY(read.customer.value, read_id("customer's id", who));
    }
    if (read.price.pence > orders::most_worth.pence / std::abs(read.quantity)) {
        return refused("the row is worth more than ten million pounds");
    }
    if (read.is_return() && read.quantity > 0) return refused("a return has a quantity above zero");
    return read;
}

} // namespace shop
