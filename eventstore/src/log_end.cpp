#include "log_end.hpp"

#include "key_spaces.hpp"
#include "record.hpp"

#include <limits>

namespace eventloom {

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

Position last_key(const Database& database)
{
    auto cursor = database.cursor();
    cursor.seek_at_or_before(key_spaces::of_record(std::numeric_limits<Position>::max(), 0));
    return cursor.valid() && key_spaces::is_of_record(cursor.key()) ? key_spaces::last_position_of_record(cursor.key())
                                                                    : 0;
}

} // namespace eventloom
