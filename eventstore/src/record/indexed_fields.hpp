// Reads from the bytes of a record only the fields of events and commands that the index needs, at a tenth of the cost of
// decoding them. docs/format.md, "Records", has the bytes.
#pragma once

#include "record/record.hpp"

namespace eventloom {

// Valid as long as the bytes of the record.
struct EventFields {
    std::string_view stream;
    Version version = 0;
    std::string_view id;   // its 16 bytes
    std::string_view type; // empty: the event is gone
    std::string_view tags; // texts, one after the other
};

// Failure::corrupt "damaged-record", as RecordView::take().
result<EventFields> event_fields_at(const RecordView& record, Position position);

// Removes the first text from EventFields::tags and returns it.
std::string_view take_text(std::string_view& texts);

struct CommandFields {
    std::string_view id;      // its 16 bytes
    std::string_view content; // as in a command record
    std::uint64_t events   = 0;
    Position last_position = 0;
};

// Failure::corrupt "damaged-record".
result<void> command_fields_of(const RecordView& record, std::vector<CommandFields>& commands);

// A command record of the index: nothing when it is damaged.
std::optional<CommandFields> command_fields_at(std::string_view id, std::string_view value);

} // namespace eventloom
