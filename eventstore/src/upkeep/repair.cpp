#include <eventloom/eventstore/repair.hpp>

#include "index/event_index.hpp"
#include "read/log_scan.hpp"
#include "upkeep/witness.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>

#include <leveldb/env.h>

#include <algorithm>
#include <set>

namespace eventloom {

namespace {

constexpr std::size_t positions_named = 10;

// Calls for each event read; tells how far it came.
struct Followed {
    const RepairProgress& progress;
    Position events = 0;
    void operator()(const RecordView&, Position position, const EventFields&)
    {
        ++events;
        if (progress && position % 4096 == 0) progress(position);
    }
    void operator()(const RecordView&, const CommandFields&) {}
};

Error log_damaged(const std::string& directory, const std::string& found)
{
    return {Failure::corrupt, "log-damaged",
            "looked at the log in " + directory +
                " and found damage that cannot be repaired from other files: " + found +
                "; nothing was changed; restore a backup, or save the events before the damage with store "
                "repair --cut-to DIRECTORY"};
}

// A file that is cut short LevelDB cannot tell from a disk that does not answer.
bool is_damage(const Error& error)
{
    return error.code != "log-damaged" && (error.kind == Failure::corrupt || error.code == "storage-fault");
}

// Where the log ends by its keys.
result<Position> last_position(const Database& log)
{
    auto cursor = log.scan_cursor();
    cursor.seek_at_or_before(std::string{key_spaces::record}.append(13, '\xff'));
    BOOST_OUTCOME_TRY(cursor.status());
    return cursor.valid() && key_spaces::is_of_record(cursor.key()) ? key_spaces::last_position_of_record(cursor.key())
                                                                    : 0;
}

// How many events there are; all of them are whole.
result<Position> check_log(const Database& log, const std::string& directory, const RepairProgress& progress)
{
    std::set<Position> damaged;
    std::string first;
    BOOST_OUTCOME_TRY(const auto head, last_position(log));
    LogScan scan{log, head, [&](Position position, const std::string&, const std::string& sentence) {
                     if (first.empty()) first = sentence;
                     if (damaged.size() <= positions_named) damaged.insert(position);
                 }};
    Followed followed{progress};
    BOOST_OUTCOME_TRY(scan.run(1, followed));
    if (first.empty()) return followed.events;
    std::string positions;
    for (const Position position : damaged) {
        positions += positions.empty() ? "position " : ", ";
        positions += std::to_string(position);
    }
    if (damaged.size() > positions_named) positions += " and more";
    return log_damaged(directory, positions + " (" + first + ")");
}

// What in the store is to be made anew, by the codes of what verify found; an error when that does not help.
result<std::set<std::string>> parts_to_mend(const LevelDbStore& store, const std::string& directory)
{
    BOOST_OUTCOME_TRY(const auto report, store.verify());
    std::set<std::string> parts;
    for (const Finding& finding : report.findings) {
        if (finding.code == "damaged-index") {
            parts.insert("index");
        } else if (finding.code == "damaged-cluster") {
            parts.insert("clusters");
        } else if (finding.code == "damaged-witness") {
            parts.insert("witness");
        } else {
            return log_damaged(directory, finding.sentence);
        }
    }
    return parts;
}

result<void> discard(const Runtime& runtime, const std::string& directory, const std::string& part)
{
    const auto path = directory + "/" + part;
    if (part != "witness") return remove_database(runtime, path);
    const auto status = runtime.files.RemoveFile(path);
    if (status.ok()) return done();
    return fail(Failure::storage, "storage-fault",
                "remove the damaged witness file " + path + " and found: " + status.ToString() + "; check the rights");
}

// Parts that keep the store from being opened for writing, or that opening it would make anew without a word.
result<std::set<std::string>> unreadable_parts(const Runtime& runtime, const std::string& directory)
{
    std::set<std::string> parts;
    if (const auto witness = read_witness(runtime, directory); not witness) {
        if (witness.error().kind != Failure::corrupt) return witness.error();
        parts.insert("witness");
    }
    const auto index = directory + "/index";
    if (not runtime.files.FileExists(index + "/CURRENT")) {
        parts.insert("index");
    } else if (const auto opened = EventIndex::open(runtime, index); not opened) {
        if (opened.error().kind == Failure::unavailable) return opened.error();
        parts.insert("index");
    }
    return parts;
}

} // namespace

result<RepairReport> repair_store(const Runtime& runtime, const std::string& directory, const RepairProgress& progress)
{
    RepairReport report;
    {
        // Without LevelDB's own checksums: those of the records name single events, not whole blocks.
        auto log = Database::open(runtime, {.directory = directory, .create_if_missing = false});
        if (not log && is_damage(log.error())) return log_damaged(directory, log.error().sentence);
        BOOST_OUTCOME_TRY(const auto opened, std::move(log));
        auto events = check_log(*opened, directory, progress);
        if (not events && is_damage(events.error())) return log_damaged(directory, events.error().sentence);
        BOOST_OUTCOME_TRY(report.events, std::move(events));
    }
    BOOST_OUTCOME_TRY(auto parts, unreadable_parts(runtime, directory));
    std::set<std::string> mended;
    // Twice: what was made anew is verified, and what could not be seen before it was is found then.
    for (int round = 0; round < 3; ++round) {
        for (const std::string& part : parts) {
            BOOST_OUTCOME_TRY(discard(runtime, directory, part));
        }
        mended.insert(parts.begin(), parts.end());
        BOOST_OUTCOME_TRY(const auto store,
                          LevelDbStore::open(runtime, {.directory = directory, .create_if_missing = false}));
        BOOST_OUTCOME_TRY(parts, parts_to_mend(*store, directory));
        if (not parts.empty()) continue;
        report.mended.assign(mended.begin(), mended.end());
        return report;
    }
    return fail(
        Failure::corrupt, "not-repaired",
        "made the " + *parts.begin() + " of " + directory +
            " again from an undamaged log and found it damaged again; check the disk and the memory of this machine");
}

} // namespace eventloom
