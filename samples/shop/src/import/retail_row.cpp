#include "retail_row.hpp"

#include "../orders/order.hpp"

#include <eventloom/framework/utf8.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace shop {

namespace {

constexpr std::string_view names[]{"InvoiceNo",   "StockCode", "Description", "Quantity",
                                   "InvoiceDate", "UnitPrice", "CustomerID",  "Country"};
constexpr std::size_t longest_id   = 64;
constexpr std::size_t longest_text = 500;

el::Error refused(std::string reason)
{
    return {el::Failure::invalid, "row-refused", std::move(reason)};
}

std::string shown(std::string_view text)
{
    return "\"" + el::printable(text.substr(0, 40)) + "\"";
}

std::string_view trimmed(std::string_view text)
{
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

template <class Number>
bool parse_whole(std::string_view text, Number& number)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() && not text.empty();
}

// "17850.0", as a spreadsheet writes a whole number, is "17850".
std::string_view without_zero_fraction(std::string_view text)
{
    return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

el::result<std::string> read_id(std::string_view what, std::string_view text)
{
    text = trimmed(text);
    if (text.empty()) return refused("the " + std::string{what} + " is empty");
    if (text.size() > longest_id) return refused("the " + std::string{what} + " is longer than 64 bytes");
    if (not el::is_clean_name(text)) return refused("the " + std::string{what} + " holds control characters");
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

el::result<std::int64_t> read_quantity(std::string_view text)
{
    std::int64_t quantity = 0;
    const auto digits     = without_zero_fraction(trimmed(text));
    if (not parse_whole(digits, quantity)) return refused("the quantity " + shown(text) + " is no whole number");
    if (quantity == 0) return refused("the quantity is 0");
    if (quantity > orders::most_pieces || quantity < -orders::most_pieces) {
        return refused("the quantity " + shown(text) + " is beyond a thousand million");
    }
    return quantity;
}

el::result<Money> read_price(std::string_view text)
{
    text = trimmed(text);
    if (text.starts_with('-')) return refused("the price " + shown(text) + " is below zero");
    if (const auto price = parse_money(text)) return *price;
    return refused("the price " + shown(text) + " is no amount of money in whole pence");
}

// Numbers with single characters between them: "2010-12-01 08:26:00", "12/1/2010 8:26". Gives how many were read.
std::size_t read_numbers(std::string_view text, std::string_view separators, int (&numbers)[6])
{
    std::size_t count = 0;
    while (count < 6) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[count]);
        if (error != std::errc{} || numbers[count] < 0) return 0;
        ++count;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (text.empty()) return count;
        if (count > separators.size() || text.front() != separators[count - 1]) return 0;
        text.remove_prefix(1);
    }
    return 0;
}

el::result<BusinessTime> read_time(std::string_view text)
{
    text = trimmed(text);
    int parts[6]{};
    int year  = 0;
    int month = 0;
    int day   = 0;
    if (read_numbers(text, "-- ::", parts) >= 5) {
        year = parts[0], month = parts[1], day = parts[2];
    } else if (read_numbers(text, "// ::", parts) >= 5) {
        month = parts[0], day = parts[1], year = parts[2];
    } else {
        return refused("the date " + shown(text) + " is neither like 2010-12-01 08:26:00 nor like 12/1/2010 8:26");
    }
    if (year < 1900 || year > 9999 || month > 12 || day > 31) {
        return refused("the date " + shown(text) + " is in no calendar"); // the calendar's own types would wrap around
    }
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    const bool is_time = parts[3] < 24 && parts[4] < 60 && parts[5] < 60;
    if (not date.ok() || not is_time) return refused("the date " + shown(text) + " is in no calendar");
    return BusinessTime{std::chrono::sys_days{date} + std::chrono::hours{parts[3]} + std::chrono::minutes{parts[4]} +
                        std::chrono::seconds{parts[5]}};
}

} // namespace

el::result<RetailColumns> RetailColumns::from_header(const CsvRow& header, const std::string& path)
{
    RetailColumns columns;
    columns.width_ = header.fields.size();
    for (std::size_t column = 0; column < column_count; ++column) {
        const auto found = std::find_if(header.fields.begin(), header.fields.end(),
                                        [&](const std::string& field) { return trimmed(field) == names[column]; });
        if (not header.damage.empty() || found == header.fields.end()) {
            return el::fail(el::Failure::invalid, "not-online-retail",
                            "read the file " + path + " and found no column " + std::string{names[column]} +
                                " in its first row; give a file in the form of Online Retail");
        }
        columns.places_[column] = static_cast<std::size_t>(found - header.fields.begin());
    }
    return columns;
}

el::result<RetailRow> RetailColumns::read(const CsvRow& row) const
{
    if (not row.damage.empty()) return refused(row.damage);
    if (row.fields.size() != width_) {
        return refused("it has " + std::to_string(row.fields.size()) + " fields instead of " + std::to_string(width_));
    }
    const auto field = [&](Column column) -> std::string_view { return row.fields[places_[column]]; };
    RetailRow read;
    read.line = row.line;
    BOOST_OUTCOME_TRY(read.invoice, read_id("invoice number", without_zero_fraction(trimmed(field(invoice)))));
    BOOST_OUTCOME_TRY(read.sku.value, read_id("stock code", field(sku)));
    BOOST_OUTCOME_TRY(read.description, read_text("description", field(description)));
    BOOST_OUTCOME_TRY(read.quantity, read_quantity(field(quantity)));
    BOOST_OUTCOME_TRY(read.time, read_time(field(date)));
    BOOST_OUTCOME_TRY(read.price, read_price(field(price)));
    read.country = "Unspecified";
    if (const auto where = trimmed(field(country)); not where.empty()) {
        BOOST_OUTCOME_TRY(read.country, read_id("country", where));
    }
    const auto who = without_zero_fraction(trimmed(field(customer)));
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
