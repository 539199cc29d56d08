// Events and commands looked at in the bytes of their record: what an index has to know of them, at a tenth of the cost of
// taking them out. docs/format.md, "Records", has the bytes.
#pragma once

#include "record/record.hpp"

namespace eventloom {

// Lives as long as the bytes of the record.
struct EventGlance {
    std::string_view stream;
    Version version = 0;
    std::string_view id;   // its 16 bytes
    std::string_view type; // empty: the event is gone
    std::string_view tags; // texts, one after the other
};

// Failure::corrupt "damaged-record", as RecordView::take().
result<EventGlance> glance_at(const RecordView& record, Position position);

// Takes the first text off `texts`, which a glance gave.
std::string_view take_text(std::string_view& texts);

struct CommandGlance {
    std::string_view id;      // its 16 bytes
    std::string_view content; // as in a command record
    std::uint64_t events   = 0;
    Position last_position = 0;
};

// Failure::corrupt "damaged-record".
result<void> glance_at_commands(const RecordView& record, std::vector<CommandGlance>& commands);

// A command record of the index: nothing when it is damaged.
std::optional<CommandGlance> glance_at_command(std::string_view id, std::string_view value);

} // namespace eventloom
