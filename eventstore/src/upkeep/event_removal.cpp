#include "upkeep/event_removal.hpp"

#include "record/key_spaces.hpp"
#include "upkeep/scavenge_note.hpp"

namespace eventloom {

namespace {

constexpr std::size_t bytes_together = 4u << 20; // of records, in one write

// Writes the records that hold the positions again, without these events.
class EventRemoval {
public:
    EventRemoval(Database& database, LogReader& log) : database_{database}, log_{log} {}

    result<void> run(const std::vector<Position>& positions)
    {
        BOOST_OUTCOME_TRY(note_, read_scavenge_note(database_));
        auto cursor = database_.cursor();
        for (auto next = positions.begin(); next != positions.end();) {
            cursor.seek(key_spaces::of_record(*next, 0));
            BOOST_OUTCOME_TRY(cursor.status());
            if (not cursor.valid() || not key_spaces::is_of_record(cursor.key())) return missing_record(*next);
            BOOST_OUTCOME_TRY(record_.parse(cursor.value(), key_spaces::last_position_of_record(cursor.key())));
            if (not record_.holds(*next)) return missing_record(*next);
            std::vector<bool> goes(record_.events());
            for (; next != positions.end() && record_.holds(*next); ++next) {
                BOOST_OUTCOME_TRY(mark(*next, goes));
            }
            BOOST_OUTCOME_TRY(const auto bytes, scavenged(record_, goes));
            batch_.put(cursor.key(), bytes);
            if (batch_.bytes() < bytes_together && next != positions.end()) continue;
            BOOST_OUTCOME_TRY(write());
            log_.recent().drop(positions.front(), record_.last());
        }
        return done();
    }

private:
    result<void> write()
    {
        put(batch_, note_);
        batch_.put(key_spaces::of_about("format"), format_bytes(store_format_version));
        BOOST_OUTCOME_TRY(database_.write(batch_, Durability::synced));
        batch_.clear();
        return done();
    }

    result<void> mark(Position position, std::vector<bool>& goes)
    {
        if (record_.is_gone(position)) return done();
        BOOST_OUTCOME_TRY(const auto body, record_.body_at(position));
        goes[position - record_.first()] = true;
        ++note_.gone;
        note_.gone_bytes += body.bytes.size();
        return done();
    }

    Database& database_;
    LogReader& log_;
    ScavengeNote note_;
    RecordView record_;
    Batch batch_;
};

} // namespace

result<void> remove_events(Database& database, LogReader& log, StreamClusters* clusters,
                           const std::vector<Position>& positions)
{
    if (positions.empty()) return done();
    const NoNewClusters paused{clusters};
    if (clusters != nullptr) {
        BOOST_OUTCOME_TRY(clusters->remove_over({positions.front(), positions.back()}));
    }
    return EventRemoval{database, log}.run(positions);
}

} // namespace eventloom
