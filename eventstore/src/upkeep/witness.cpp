#include "upkeep/witness.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <fmt/core.h>
#include <leveldb/env.h>
#include <xxhash.h>

namespace eventloom {

namespace {

constexpr std::size_t slot_bytes      = 24; // position, checksum of its record, checksum of both
constexpr std::uint64_t slots_in_file = 4'096;
// What a power cut may take from the witness; a sync costs as much as a group of appends.
constexpr std::uint64_t slots_unsynced = 1'024;
constexpr Position events_unsynced     = 65'536;

std::string path_of(const std::string& directory)
{
    return directory + "/witness";
}

void append_slot(std::string& bytes, const Witnessed& witnessed)
{
    const auto begin = bytes.size();
    append_big_endian(bytes, witnessed.position);
    append_big_endian(bytes, witnessed.checksum);
    append_big_endian(bytes, XXH3_64bits(bytes.data() + begin, 16));
}

std::optional<Witnessed> slot_at(std::string_view bytes, std::size_t at)
{
    const auto slot = bytes.substr(at, slot_bytes);
    if (XXH3_64bits(slot.data(), 16) != read_big_endian(slot.substr(16))) return std::nullopt;
    return Witnessed{read_big_endian(slot), read_big_endian(slot.substr(8))};
}

Error not_kept(const std::string& path, const leveldb::Status& status)
{
    return {Failure::storage, "witness-not-kept",
            "write the witness file " + path + " and found: " + status.ToString() +
                "; check the disk, its free space and the rights"};
}

} // namespace

result<std::optional<Witness>> read_witness(const Runtime& runtime, const std::string& directory)
{
    BOOST_OUTCOME_TRY(const auto bytes, read_file(runtime, path_of(directory)));
    if (not bytes) return std::optional<Witness>{};
    std::optional<Witness> witness;
    bool is_damaged    = false;
    const auto look_at = [&](std::size_t number) {
        if ((number + 1) * slot_bytes > bytes->size()) return;
        const auto slot = slot_at(*bytes, number * slot_bytes);
        // After the first two, a power cut may have torn a slot.
        if (not slot) is_damaged = is_damaged || number < 2;
        if (slot) witness = Witness{*slot, false};
    };
    // From the oldest to the newest.
    look_at(1);
    look_at(0);
    for (std::size_t number = 2; number * slot_bytes < bytes->size(); ++number) look_at(number);
    if (not witness) {
        return fail(Failure::corrupt, "damaged-witness",
                    "read the witness file " + path_of(directory) +
                        " and found damage; run store verify, and remove the file if the log is whole");
    }
    witness->is_damaged = is_damaged || bytes->size() < 2 * slot_bytes;
    return witness;
}

result<void> check_witness(const LogReader& log, const Witnessed& witness)
{
    if (witness == Witnessed{}) return done();
    const auto shrank = [&](std::string_view what) {
        return fail(Failure::corrupt, "history-shrank",
                    fmt::format("opened a log that ends at position {} and found a witness of {} position {}; "
                                "acknowledged events are lost; the part that was cut from the end of a log file is "
                                "beside it, in a file *.torn; restore a backup",
                                log.head(), what, witness.position));
    };
    if (witness.position > log.head()) return shrank("events up to");
    BOOST_OUTCOME_TRY(const bool holds, log.holds_record(witness.position, witness.checksum));
    if (holds) return done();
    if (witness.position == log.head()) return shrank("a record at");
    return fail(Failure::corrupt, "history-changed",
                fmt::format("read the event at position {} and found a different event than the witness has; the log "
                            "was replaced; restore a backup",
                            witness.position));
}

WitnessKeeper::WitnessKeeper(const Runtime& runtime, const std::string& directory, const Witnessed& newest)
    : runtime_{runtime}, path_{path_of(directory)}, newest_{newest}
{
}

WitnessKeeper::~WitnessKeeper() = default;

result<void> WitnessKeeper::see(const Witnessed& end)
{
    if (end == newest_) return done();
    if (not file_ || slots_ == slots_in_file) return see_for_good(end);
    auto appended = append(end);
    if (not appended) file_.reset();
    return appended;
}

result<void> WitnessKeeper::append(const Witnessed& end)
{
    std::string slot;
    append_slot(slot, end);
    auto status = file_->Append({slot.data(), slot.size()});
    if (status.ok()) status = file_->Flush();
    ++unsynced_slots_;
    if (status.ok() && (unsynced_slots_ == slots_unsynced || end.position >= synced_position_ + events_unsynced)) {
        status           = file_->Sync();
        unsynced_slots_  = 0;
        synced_position_ = end.position;
    }
    if (not status.ok()) return not_kept(path_, status);
    ++slots_;
    newest_ = end;
    return done();
}

// A new file, whole before it takes the name; further slots go into the same file.
result<void> WitnessKeeper::see_for_good(const Witnessed& end)
{
    if (end == newest_ && slots_ <= 2) return done();
    std::string slots;
    append_slot(slots, end);
    append_slot(slots, newest_);
    file_.reset();
    leveldb::WritableFile* opened = nullptr;
    const auto beside             = path_ + ".new";
    auto status                   = runtime_.files.NewWritableFile(beside, &opened);
    if (not status.ok()) return not_kept(path_, status);
    std::unique_ptr<leveldb::WritableFile> file{opened};
    status = file->Append({slots.data(), slots.size()});
    if (status.ok()) status = file->Sync();
    if (status.ok()) status = runtime_.files.RenameFile(beside, path_);
    if (not status.ok()) return not_kept(path_, status);
    file_            = std::move(file);
    slots_           = 2;
    unsynced_slots_  = 0;
    synced_position_ = end.position;
    newest_          = end;
    return done();
}

} // namespace eventloom
