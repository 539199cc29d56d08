#include "compare/row_changes.hpp"

namespace eventloom {

namespace {

// The columns of a row by their names; empty when there is no row.
Json columns_of(const std::optional<std::string>& row_json)
{
    const auto row = row_object(row_json);
    return row["row"].is_object() ? row["row"] : Json::object();
}

} // namespace

Json row_object(const std::optional<std::string>& json)
{
    if (not json) return nullptr;
    auto value = Json::parse(*json);
    return value && value->is_object() ? *std::move(value) : Json{{"key", *json}, {"row", Json::object()}};
}

std::optional<std::string> as_people_read(const std::optional<std::string>& json, const TableDescription& table)
{
    if (not json) return json;
    auto row = row_object(json);
    for (const auto& column : table.columns) {
        Json* cell = &row;
        for (const auto& name : column.path) {
            cell = cell->find(name);
            if (cell == nullptr) break;
        }
        if (cell == nullptr || column.write == nullptr || not cell->is_whole()) continue;
        *cell = column.write(cell->whole());
    }
    return row.dump();
}

Json changed_columns(const std::optional<std::string>& before, const std::optional<std::string>& after)
{
    const auto old_columns = columns_of(before);
    const auto new_columns = columns_of(after);
    auto changed           = Json::object();
    const auto add         = [&](const std::string& name) {
        const auto& was = old_columns[name];
        const auto& is  = new_columns[name];
        if (was != is) changed[name] = {{"before", was}, {"after", is}};
    };
    for (const auto& [name, value] : new_columns.items()) add(name);
    for (const auto& [name, value] : old_columns.items()) {
        if (not new_columns.contains(name)) add(name);
    }
    return changed;
}

std::string columns_in_words(const Json& changed, bool with_before)
{
    std::string words;
    for (const auto& [name, column] : changed.items()) {
        words += (words.empty() ? "" : ", ") + name + " ";
        if (with_before) words += short_text(column["before"]) + " -> ";
        words += short_text(column["after"]);
    }
    return words;
}

std::string short_text(const Json& value)
{
    return value.is_text() ? value.text() : value.dump();
}

} // namespace eventloom
