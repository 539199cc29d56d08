#include <eventloom/eventstore/repair.hpp>

#include "read/log_scan.hpp"
#include "upkeep/scavenge_note.hpp"
#include "upkeep/witness.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/salvage.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::size_t batch_bytes_max = 4u << 20;
constexpr std::size_t held_bytes_max  = 64u << 20; // more than an append may have

// Copies records from one log into another, as they are.
class Copy {
public:
    Copy(const Database& from, Database& to, const RepairProgress& progress) : from_{from}, to_{to}, progress_{progress}
    {
    }

    // Up to the first record that is not whole or not the next one.
    result<void> run()
    {
        auto cursor = from_.scan_cursor();
        RecordView record;
        for (cursor.seek(std::string_view{&key_spaces::record, 1}); in_log(cursor); cursor.next()) {
            const auto whole = check(cursor, record);
            if (not whole) {
                damage_ = whole.error().sentence;
                break;
            }
            BOOST_OUTCOME_TRY(take(std::string{cursor.key()}, std::string{cursor.value()}, record));
            if (progress_) progress_(end_);
        }
        if (const auto status = cursor.status(); not status && damage_.empty()) damage_ = status.error().sentence;
        return done();
    }

    // Records at the end that may be the beginning of an append are dropped, unless nothing is known to follow them.
    result<void> finish(Position last_known)
    {
        if (last_known > end_) held_.clear();
        BOOST_OUTCOME_TRY(write_held());
        if (note_.gone > 0) put(batch_, note_);
        return to_.write(batch_, Durability::synced);
    }

    Position written() const { return written_; }
    const std::string& damage() const { return damage_; }

private:
    // Kept back until a later record shows that its append is whole.
    struct Held {
        std::string key;
        std::string value;
        Position last            = 0;
        Position gone            = 0; // events of it
        std::uint64_t bytes_gone = 0;
    };

    static bool in_log(const DatabaseCursor& cursor)
    {
        return cursor.valid() && not cursor.key().empty() && cursor.key()[0] == key_spaces::record;
    }

    result<void> check(const DatabaseCursor& cursor, RecordView& record)
    {
        if (not key_spaces::is_of_record(cursor.key())) return damaged_record(end_ + 1, "its key is damaged");
        BOOST_OUTCOME_TRY(record.parse(cursor.value(), key_spaces::last_position_of_record(cursor.key())));
        if (record.first() != end_ + 1) return missing_record(end_ + 1);
        if (record.chain().before != checksum_) {
            return damaged_record(record.first(), "it was written after another event than the one before it");
        }
        for (Position position = record.first(); record.holds(position); ++position) {
            BOOST_OUTCOME_TRY(event_fields_at(record, position));
        }
        std::vector<CommandFields> commands;
        return command_fields_of(record, commands);
    }

    result<void> take(std::string key, std::string value, const RecordView& record)
    {
        // Appends that were written together have one time, and all of their records are full but the last.
        if (record.recorded_at() != recorded_at_ || held_bytes_ > held_bytes_max) {
            BOOST_OUTCOME_TRY(write_held());
        }
        recorded_at_ = record.recorded_at();
        end_         = record.last();
        checksum_    = record.chain().own;
        held_bytes_ += value.size();
        held_.push_back({std::move(key), std::move(value), end_, record.gone(), record.bytes_gone()});
        return record.body_bytes() < LevelDbStoreOptions{}.record_bytes ? write_held() : done();
    }

    result<void> write_held()
    {
        for (const Held& held : held_) {
            batch_.put(held.key, held.value);
            written_ = held.last;
            note_.gone += held.gone;
            note_.gone_bytes += held.bytes_gone;
        }
        held_.clear();
        held_bytes_ = 0;
        if (batch_.bytes() < batch_bytes_max) return done();
        BOOST_OUTCOME_TRY(to_.write(batch_, Durability::synced));
        batch_.clear();
        return done();
    }

    const Database& from_;
    Database& to_;
    const RepairProgress& progress_;
    Position end_           = 0; // of what was read
    Position written_       = 0;
    std::uint64_t checksum_ = 0;
    Time recorded_at_{};
    std::vector<Held> held_;
    std::size_t held_bytes_ = 0;
    ScavengeNote note_; // of what is gone in the copy; a scavenge that was interrupted begins anew there
    Batch batch_;
    std::string damage_;
};

// The last position that anything speaks of: keys of records after the damage, and the witness.
Position last_known_position(const Runtime& runtime, const std::string& directory, const Database& saved)
{
    Position last = 0;
    auto cursor   = saved.scan_cursor();
    for (cursor.seek_at_or_before(std::string{key_spaces::record}.append(13, '\xff')); cursor.valid();
         cursor.previous()) {
        RecordView record;
        if (not key_spaces::is_of_record(cursor.key())) break;
        // A key may be damaged itself: only that of a record that is whole is believed.
        if (not record.parse(cursor.value(), key_spaces::last_position_of_record(cursor.key()))) continue;
        last = record.last();
        break;
    }
    const auto witness = read_witness(runtime, directory);
    if (witness && witness.value()) last = std::max(last, witness.value()->newest.position);
    return last;
}

result<void> check_empty(const Runtime& runtime, const std::string& into)
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, into));
    if (names.empty()) return done();
    return fail(Failure::invalid, "directory-not-empty",
                "looked at " + into +
                    " for a new store and found that it is not empty; give a directory that does "
                    "not exist yet");
}

Error nothing_saved(const std::string& directory, const SalvageReport& report)
{
    return {Failure::corrupt, "nothing-saved",
            fmt::format("read what can be read of {} and found even the first event damaged, of {} known events; "
                        "nothing was changed there; restore a backup",
                        directory, report.last_known)};
}

// As it was, or the newest when that cannot be told.
std::string format_of(const Database& saved)
{
    auto stored = saved.get(key_spaces::of_about("format"));
    if (stored && stored.value() && *stored.value() == format_bytes(first_format_version)) return *stored.value();
    return format_bytes(store_format_version);
}

result<void> verify_copy(const Runtime& runtime, const std::string& into)
{
    BOOST_OUTCOME_TRY(const auto store, LevelDbStore::open(runtime, {.directory = into, .create_if_missing = false}));
    BOOST_OUTCOME_TRY(const auto report, store->verify());
    if (report.findings_total == 0) return done();
    return fail(Failure::corrupt, "not-repaired",
                "verified the copy in " + into + " and found: " + report.findings.front().sentence +
                    "; check the disk and the memory of this machine");
}

} // namespace

result<SalvageReport> salvage_store(const Runtime& runtime, const std::string& directory, const std::string& into,
                                    const RepairProgress& progress)
{
    BOOST_OUTCOME_TRY(check_empty(runtime, into));
    SalvageReport report;
    const auto scratch = into + "/salvage";
    BOOST_OUTCOME_TRY(report.notes, salvage_database(runtime, directory, scratch));
    {
        BOOST_OUTCOME_TRY(const auto saved,
                          Database::open(runtime, {.directory = scratch, .create_if_missing = false}));
        report.last_known = last_known_position(runtime, directory, *saved);
        BOOST_OUTCOME_TRY(
            const auto copy,
            Database::open(runtime, {.directory = into, .write_buffer_bytes = 32u << 20, .table_bytes = 32u << 20}));
        Batch format;
        format.put(key_spaces::of_about("format"), format_of(*saved));
        BOOST_OUTCOME_TRY(copy->write(format, Durability::synced));
        Copy records{*saved, *copy, progress};
        BOOST_OUTCOME_TRY(records.run());
        BOOST_OUTCOME_TRY(records.finish(report.last_known));
        report.events     = records.written();
        report.damage     = records.damage();
        report.last_known = std::max(report.last_known, report.events);
    }
    BOOST_OUTCOME_TRY(remove_salvaged(runtime, scratch));
    if (report.events == 0 && (report.left_out() || not report.damage.empty())) {
        BOOST_OUTCOME_TRY(remove_database(runtime, into));
        return nothing_saved(directory, report);
    }
    BOOST_OUTCOME_TRY(verify_copy(runtime, into));
    return report;
}

} // namespace eventloom
