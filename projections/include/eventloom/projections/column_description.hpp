// A column of a table, for tools that show rows whose types they do not know.
//
//     for (const ColumnDescription& column : table.columns) print(column.name, to_string(column.kind));
//
// columns.hpp makes them of keys and rows. Threads: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// What can be compared as what. `other` is JSON that is no one value: a list, say.
enum class ColumnKind : std::uint8_t { text, whole_number, number, truth, time, other };

// "text", "whole number", ...
std::string_view to_string(ColumnKind kind);

struct ColumnDescription {
    std::string name;              // nested members with a dot between: "address.city"
    std::vector<std::string> path; // where it stands in the row's JSON: {"row", "address", "city"}
    ColumnKind kind = ColumnKind::other;
    bool of_key     = false;
    // How people read and type a whole number that has a text_form.
    std::string (*write)(std::int64_t number)                  = nullptr;
    std::optional<std::int64_t> (*read)(std::string_view text) = nullptr;
    // The bytes that a value has in keys and indexes, of how it is typed; nothing when it is none, or has several.
    std::optional<std::string> (*ordered)(std::string_view text) = nullptr;
};

} // namespace eventloom
