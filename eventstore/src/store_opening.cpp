#include "store_opening.hpp"

#include "record/key_spaces.hpp"
#include "record/record.hpp"

#include <eventloom/storage/database.hpp>

#include <fmt/core.h>

namespace eventloom {

std::string index_directory(const std::string& directory)
{
    return directory + "/index";
}

std::string clusters_directory(const std::string& directory)
{
    return directory + "/clusters";
}

result<void> check_format(Database& database, const std::string& directory)
{
    BOOST_OUTCOME_TRY(const auto stored, database.get(key_spaces::of_about("format")));
    if (not stored) {
        auto cursor = database.cursor();
        cursor.seek("");
        BOOST_OUTCOME_TRY(cursor.status());
        if (cursor.valid()) {
            return fail(Failure::corrupt, "no-event-store",
                        "opened " + directory + " as an event store and found another database there; check the name");
        }
        Batch batch;
        batch.put(key_spaces::of_about("format"), format_bytes(first_format_version));
        return database.write(batch, Durability::synced);
    }
    const auto version = stored->size() == 8 ? read_big_endian(*stored) : 0;
    if (version >= first_format_version && version <= store_format_version) return done();
    return fail(Failure::corrupt, "newer-store-format",
                fmt::format("opened the event store {} of format {}, but this program knows format {}; use the program "
                            "that wrote it, or a newer one",
                            directory, version, store_format_version));
}

result<std::unique_ptr<EventIndex>> open_index(const Runtime& runtime, const std::string& directory)
{
    auto index = EventIndex::open(runtime, index_directory(directory));
    if (index || index.error().kind != Failure::corrupt) return index;
    // Nothing is lost with an index: it is made anew from the log.
    BOOST_OUTCOME_TRY(EventIndex::discard(runtime, index_directory(directory)));
    return EventIndex::open(runtime, index_directory(directory));
}

bool index_fits(const EventIndex& index, const LogReader& log, const LogEnd& end)
{
    const Position covered = index.on_disk();
    if (covered == 0) return true;
    if (covered > end.position) return false;
    // A record that is damaged is no reason to make the index anew: verify is to compare them.
    const auto chain = log.chain_at(covered);
    return not chain || chain.value().own == index.checksum_at_end();
}

result<void> read_into_index(Database& database, EventIndex& index, const LogEnd& end, Position events_in_memory)
{
    auto cursor = database.scan_cursor();
    RecordView record;
    RecordedEvent event;
    std::uint64_t checksum = index.checksum_at_end();
    // Commands after the last event that the index has may not be in it yet.
    cursor.seek(key_spaces::of_record(index.on_disk(), 1));
    for (; cursor.valid() && cursor.key()[0] == key_spaces::record; cursor.next()) {
        const Position next = index.newest().last() + 1;
        if (not key_spaces::is_of_record(cursor.key())) return damaged_record(next, "its key is damaged");
        BOOST_OUTCOME_TRY(record.parse(cursor.value(), key_spaces::last_position_of_record(cursor.key())));
        if (record.first() != next) return missing_record(next);
        for (Position position = next; record.holds(position); ++position) {
            BOOST_OUTCOME_TRY(record.take(position, event));
            index.newest().add({event.id, event.stream, event.version, position, event.type, event.metadata.tags});
        }
        BOOST_OUTCOME_TRY(const auto commands, record.commands());
        for (const CommandRecord& command : commands) index.newest().add(command);
        if (record.events() > 0) checksum = record.chain().own;
        if (index.is_due(checksum, events_in_memory)) {
            BOOST_OUTCOME_TRY(index.flush());
        }
    }
    BOOST_OUTCOME_TRY(cursor.status());
    if (index.newest().last() != end.position) return missing_record(index.newest().last() + 1);
    return done();
}

} // namespace eventloom
