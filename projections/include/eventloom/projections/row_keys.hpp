// Where rows, index entries and the checkpoint stand in a read model's database. docs/format.md, "Read models".
#pragma once

#include <string>
#include <string_view>

namespace eventloom::row_keys {

inline constexpr char row   = 'r'; // ordered key                                     -> stored row
inline constexpr char entry = 'x'; // index name (text), ordered value, ordered key   -> ordered key
inline constexpr char about = 'm'; // "checkpoint", "rows", "version"                 -> number

std::string of_row(std::string_view ordered_key);
std::string of_index(std::string_view index_name, std::string_view ordered_value = {});
std::string of_index_entry(std::string_view index_name, std::string_view ordered_value, std::string_view ordered_key);
std::string of_checkpoint();
std::string of_row_count();
std::string of_version();

bool is_projection_name(std::string_view name);

} // namespace eventloom::row_keys
