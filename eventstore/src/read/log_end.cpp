#include "read/log_end.hpp"

#include "record/key_spaces.hpp"
#include "record/record.hpp"

#include <eventloom/framework/time.hpp>

#include <limits>

namespace eventloom {

namespace {

constexpr Duration ahead_unsaid = std::chrono::minutes{1}; // clocks are set by seconds every day

} // namespace

result<LogEnd> find_end(const Database& database)
{
    LogEnd end;
    auto cursor = database.cursor();
    cursor.seek_at_or_before(key_spaces::of_record(std::numeric_limits<Position>::max(), 0));
    RecordView record;
    for (bool is_last = true; cursor.valid() && cursor.key()[0] == key_spaces::record; cursor.previous()) {
        if (not key_spaces::is_of_record(cursor.key())) return damaged_record(0, "its key is damaged");
        BOOST_OUTCOME_TRY(record.parse(cursor.value(), key_spaces::last_position_of_record(cursor.key())));
        if (is_last) {
            end.position    = record.last();
            end.checksum    = record.chain().own;
            end.recorded_at = record.recorded_at();
            end.ordinal     = key_spaces::ordinal_of_record(cursor.key());
            is_last         = false;
        }
        if (record.events() == 0) continue;
        end.checksum_of_position = record.chain().own;
        return end;
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return end;
}

std::optional<std::string> end_is_ahead(const Database& database, Time now)
{
    const auto end = find_end(database);
    if (not end || end.value().recorded_at <= now + ahead_unsaid) return std::nullopt;
    return "the log ends with an event that was recorded at " + to_string(end.value().recorded_at) +
           ", and the clock of this machine says " + to_string(now) +
           "; until it is that late, all events are recorded at that time: set the clock right, or see "
           "docs/operating.md, \"The clock was wrong\"";
}

Position last_key(const Database& database)
{
    auto cursor = database.cursor();
    cursor.seek_at_or_before(key_spaces::of_record(std::numeric_limits<Position>::max(), 0));
    return cursor.valid() && key_spaces::is_of_record(cursor.key()) ? key_spaces::last_position_of_record(cursor.key())
                                                                    : 0;
}

} // namespace eventloom
