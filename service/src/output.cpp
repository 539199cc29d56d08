#include <eventloom/service/output.hpp>

#include "table_text.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace eventloom {

namespace {

std::string json_text(const Cell& value)
{
    // Bytes that are no UTF-8 are replaced: a listing must not die of one bad name.
    return value.dump(2, ' ', false, Cell::error_handler_t::replace);
}

} // namespace

Output::Output(Options options) : options_{options} {}

Output::~Output() = default;

void Output::table(const std::vector<Column>& columns, const std::vector<std::vector<nlohmann::ordered_json>>& rows)
{
    if (not options_.json) return TextTable{columns}.print(rows);
    Cell array = Cell::array();
    for (const auto& row : rows) {
        Cell object = Cell::object();
        for (std::size_t i = 0; i < columns.size(); ++i) object[columns[i].name] = row[i];
        array.push_back(std::move(object));
    }
    fmt::print("{}\n", json_text(array));
}

void Output::facts(const nlohmann::ordered_json& object)
{
    if (options_.json) return fmt::print("{}\n", json_text(object));
    std::size_t widest = 0;
    for (const auto& [name, value] : object.items()) widest = std::max(widest, width_of(name));
    for (const auto& [name, value] : object.items()) {
        fmt::print("{}{}  {}\n", name, std::string(widest - width_of(name), ' '), cell_text(value));
    }
}

void Output::say(std::string_view sentence)
{
    if (not options_.json) fmt::print("{}\n", sentence);
}

void report(const Error& error, bool json)
{
    if (not json) return fmt::print(stderr, "{}\n", printable(error.sentence));
    const Cell object{{"error", {{"kind", to_string(error.kind)}, {"code", error.code}, {"sentence", error.sentence}}}};
    fmt::print(stderr, "{}\n", json_text(object));
}

std::string with_separators(std::int64_t number)
{
    std::string digits            = std::to_string(number);
    const std::size_t first_digit = digits.front() == '-' ? 1 : 0;
    for (std::size_t at = digits.size(); at > first_digit + 3;) {
        at -= 3;
        digits.insert(at, ",");
    }
    return digits;
}

} // namespace eventloom
