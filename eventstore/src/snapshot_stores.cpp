#include <eventloom/eventstore/engines.hpp>

#include "record/event_body.hpp"
#include "record/record_layout.hpp"

#include <eventloom/framework/binary_archive.hpp>
#include <eventloom/storage/database.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace eventloom {

namespace {

constexpr std::uint8_t layout_version = 2;

// Layout: docs/format.md, "Snapshots". The stream stands in the value too: under another key it is no snapshot.
std::string encode_snapshot(std::string_view stream, const Snapshot& snapshot)
{
    const auto& id = snapshot.last.event.bytes;
    std::string bytes;
    BinaryWriter writer{bytes};
    writer.byte(layout_version);
    writer.text(stream);
    writer.unsigned_number(snapshot.version);
    writer.unsigned_number(snapshot.events);
    writer.raw({reinterpret_cast<const char*>(id.data()), id.size()});
    writer.unsigned_number(snapshot.last.position);
    writer.signed_number(snapshot.last.recorded_at.time_since_epoch().count());
    append_big_endian(bytes, snapshot.shape);
    writer.raw(snapshot.state);
    append_big_endian(bytes, checksum_of(bytes));
    return bytes;
}

// Nothing when the bytes are not what was written.
std::optional<Snapshot> decode_snapshot(std::string_view stream, std::string_view bytes)
{
    if (bytes.size() < checksum_bytes) return std::nullopt;
    const auto content = bytes.substr(0, bytes.size() - checksum_bytes);
    if (checksum_of(content) != read_big_endian(bytes.substr(content.size()))) return std::nullopt;
    try {
        Snapshot snapshot;
        BinaryReader reader{content};
        if (reader.byte() != layout_version || reader.text() != stream) return std::nullopt;
        snapshot.version = reader.small_number();
        snapshot.events  = reader.unsigned_number();
        auto& id         = snapshot.last.event.bytes;
        const auto raw   = reader.raw(id.size());
        std::copy(raw.begin(), raw.end(), id.begin());
        snapshot.last.position    = reader.unsigned_number();
        snapshot.last.recorded_at = Time{Duration{reader.signed_number()}};
        snapshot.shape            = read_big_endian(reader.raw(8));
        snapshot.state            = reader.raw(reader.left());
        return snapshot;
    } catch (const DamagedBytes&) {
        return std::nullopt;
    }
}

class LevelDbSnapshots final : public SnapshotStore {
public:
    LevelDbSnapshots(const Runtime& runtime, DatabaseOptions options, std::unique_ptr<Database> database)
        : runtime_{runtime}, options_{std::move(options)}, database_{std::move(database)}
    {
    }

    std::optional<Snapshot> find(std::string_view stream) const override
    {
        const std::shared_lock lock{mutex_};
        if (not database_) return std::nullopt;
        const auto bytes = database_->get(stream);
        if (not bytes || not bytes.value()) return std::nullopt;
        return decode_snapshot(stream, *bytes.value());
    }

    void save(std::string_view stream, const Snapshot& snapshot) override
    {
        const std::shared_lock lock{mutex_};
        if (not database_) return;
        Batch batch;
        batch.put(stream, encode_snapshot(stream, snapshot));
        // After a write that fails the database takes no more: the snapshots there are serve on, until it is opened again.
        static_cast<void>(database_->write(batch, Durability::buffered));
    }

    // Without its files nothing of it can be left.
    result<void> remove_all() override
    {
        const std::unique_lock lock{mutex_};
        database_.reset();
        BOOST_OUTCOME_TRY(remove_database(runtime_, options_.directory));
        BOOST_OUTCOME_TRY(database_, Database::open(runtime_, options_));
        return done();
    }

private:
    const Runtime runtime_;
    const DatabaseOptions options_;
    mutable std::shared_mutex mutex_;
    std::unique_ptr<Database> database_; // none: it could not be opened again
};

class MemorySnapshots final : public SnapshotStore {
public:
    std::optional<Snapshot> find(std::string_view stream) const override
    {
        const std::lock_guard lock{mutex_};
        const auto found = snapshots_.find(stream);
        return found == snapshots_.end() ? std::nullopt : std::optional{found->second};
    }

    void save(std::string_view stream, const Snapshot& snapshot) override
    {
        const std::lock_guard lock{mutex_};
        snapshots_.insert_or_assign(std::string{stream}, snapshot);
    }

    result<void> remove_all() override
    {
        const std::lock_guard lock{mutex_};
        snapshots_.clear();
        return done();
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string, Snapshot, std::less<>> snapshots_;
};

} // namespace

result<std::unique_ptr<SnapshotStore>> open_leveldb_snapshots(const Runtime& runtime, const std::string& directory)
{
    const DatabaseOptions options{
        .directory = directory, .write_buffer_bytes = 4u << 20, .block_cache_bytes = 4u << 20, .max_open_files = 100};
    auto database = Database::open(runtime, options);
    if (not database && database.error().kind == Failure::corrupt) {
        BOOST_OUTCOME_TRY(remove_database(runtime, directory));
        database = Database::open(runtime, options);
    }
    if (not database) return std::move(database.error());
    return std::make_unique<LevelDbSnapshots>(runtime, options, std::move(database.value()));
}

std::unique_ptr<SnapshotStore> open_memory_snapshots()
{
    return std::make_unique<MemorySnapshots>();
}

} // namespace eventloom
