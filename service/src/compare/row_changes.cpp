#include "compare/row_changes.hpp"

namespace eventloom {

namespace {

using Json = nlohmann::ordered_json;

// The columns of a row by their names; empty when there is no row.
Json columns_of(const std::optional<std::string>& row_json)
{
    const auto row = row_object(row_json);
    return row.is_object() && row.contains("row") && row["row"].is_object() ? row["row"] : Json::object();
}

} // namespace

Json row_object(const std::optional<std::string>& json)
{
    if (not json) return nullptr;
    auto value = Json::parse(*json, nullptr, false);
    return value.is_object() ? value : Json{{"key", *json}, {"row", Json::object()}};
}

std::optional<std::string> as_people_read(const std::optional<std::string>& json, const TableDescription& table)
{
    if (not json) return json;
    auto row = row_object(json);
    for (const auto& column : table.columns) {
        Json* cell = &row;
        for (const auto& name : column.path) {
            const auto member = cell->is_object() ? cell->find(name) : cell->end();
            cell              = cell->is_object() && member != cell->end() ? &*member : nullptr;
            if (cell == nullptr) break;
        }
        if (cell == nullptr || column.write == nullptr || not cell->is_number_integer()) continue;
        *cell = column.write(cell->get<std::int64_t>());
    }
    return row.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json changed_columns(const std::optional<std::string>& before, const std::optional<std::string>& after)
{
    const auto old_columns = columns_of(before);
    const auto new_columns = columns_of(after);
    auto changed           = Json::object();
    const auto add         = [&](const std::string& name) {
        const auto was = old_columns.contains(name) ? old_columns[name] : Json(nullptr);
        const auto is  = new_columns.contains(name) ? new_columns[name] : Json(nullptr);
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
    return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace eventloom
