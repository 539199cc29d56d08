// A column of a table, for tools that show rows whose types they do not know.
//
//     for (const ColumnDescription& column : table.columns) print(column.name, to_string(column.kind));
//
// columns.hpp makes them of keys and rows. Threads: values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// How values of a column compare. `other` is JSON that is not a single value, such as a list.
enum class ColumnKind : std::uint8_t { text, whole_number, number, truth, time, other };

// "text", "whole number", ...
std::string_view to_string(ColumnKind kind);

struct ColumnDescription {
    std::string name;              // nested members with a dot between: "address.city"
    std::vector<std::string> path; // to its value in the row's JSON: {"row", "address", "city"}
    ColumnKind kind = ColumnKind::other;
    bool of_key     = false;
    bool is_own     = false; // its type is written by functions of its own: nothing is known of what it holds
    // How people read and type a whole number that has a text_form.
    std::string (*write)(std::int64_t number)                  = nullptr;
    std::optional<std::int64_t> (*read)(std::string_view text) = nullptr;
    // The ordered bytes, for keys and indexes, of a value as people type it; nothing when the text is no value of the column.
    std::function<std::optional<std::string>(std::string_view text)> ordered = {};
};

} // namespace eventloom
