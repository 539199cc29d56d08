// What is not the same about two rows that are given as JSON, {"key": ..., "row": {...}}.
#pragma once

#include <eventloom/projections/projected.hpp>
#include <eventloom/service/json.hpp>

#include <optional>
#include <string>

namespace eventloom {

// A row as an object; one that cannot be read has no columns.
Json row_object(const std::optional<std::string>& json);

// The same row with amounts and the like as people read them: where a column has a text_form, that text.
std::optional<std::string> as_people_read(const std::optional<std::string>& json, const TableDescription& table);

// {"stage": {"before": "placed", "after": "completed"}}, for the columns that are not the same, or are there only once.
Json changed_columns(const std::optional<std::string>& before, const std::optional<std::string>& after);

// "stage placed -> completed, pieces 3 -> 4"; what is new alone, when nothing was before.
std::string columns_in_words(const Json& changed, bool with_before);

// A value without the quotes of a text.
std::string short_text(const Json& value);

} // namespace eventloom
