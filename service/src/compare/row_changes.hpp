// The differences of two rows in JSON, {"key": ..., "row": {...}}.
#pragma once

#include <eventloom/projections/projected.hpp>
#include <eventloom/service/detail/json.hpp>

#include <optional>
#include <string>

namespace eventloom {

// A row as an object; one that cannot be read has no columns.
Json row_object(const std::optional<std::string>& json);

// The same row with values as people read them: a column with a text_form has that text.
std::optional<std::string> as_people_read(const std::optional<std::string>& json, const TableDescription& table);

// {"stage": {"before": "placed", "after": "completed"}}, for the columns that differ, or that only one row has.
Json changed_columns(const std::optional<std::string>& before, const std::optional<std::string>& after);

// "stage placed -> completed, pieces 3 -> 4"; only the new values when there was no row before.
std::string columns_in_words(const Json& changed, bool with_before);

// A value without the quotes of a text.
std::string short_text(const Json& value);

} // namespace eventloom
