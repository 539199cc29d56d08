#include <eventloom/storage/database.hpp>

#include "checked_tables.hpp"
#include "damage/log_scrub.hpp"
#include "damage/manifest_scrub.hpp"
#include "damage/table_list.hpp"
#include "database_parts.hpp"
#include "env/new_database.hpp"
#include "env/owner_lock.hpp"
#include "live_files.hpp"

#include <eventloom/storage/system_files.hpp>

#include <fmt/core.h>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace eventloom {

namespace {

leveldb::ReadOptions reading(const DatabaseSnapshot& at)
{
    leveldb::ReadOptions options;
    options.verify_checksums = false; // CheckedTables does it, for every block
    options.snapshot         = static_cast<const leveldb::Snapshot*>(at.get());
    return options;
}

ReadFault read_fault(const DatabaseOptions& options)
{
    return {"read the database " + options.directory, options.made_anew_when_damaged
                                                          ? "it can be built again: rebuild it"
                                                          : "verify it, and restore a backup if it stays so"};
}

// A log of LevelDB (000003.log) that is empty may be of a database whose making was interrupted, and which nothing was ever
// written to. One of another name (restoring.log) says that others write here.
bool holds_nothing(const Runtime& runtime, const std::string& directory, const std::string& name)
{
    std::uint64_t bytes = 0;
    const bool is_log   = name.ends_with(".log") && name.find_first_not_of("0123456789") == name.rfind('.');
    return is_log && runtime.files.GetFileSize(directory + "/" + name, &bytes).ok() && bytes == 0;
}

// Where CURRENT is missing LevelDB begins a new database, and removes the files of the old one.
result<void> check_list_of_files(const Runtime& runtime, const std::string& directory, const std::string& asked)
{
    if (runtime.files.FileExists(directory + "/CURRENT")) return done();
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, directory));
    for (const std::string& name : names) {
        if (not name.ends_with(".ldb") && not name.ends_with(".log")) continue;
        if (holds_nothing(runtime, directory, name)) continue;
        return fail(Failure::corrupt, "damaged-database",
                    asked + " and found " + name +
                        ", but not the file CURRENT that says which files belong to it; "
                        "nothing was changed; restore a backup");
    }
    return done();
}

// To open it writes the whole part of torn logs once more, then the content of logs to tables, and removes what it has
// replaced only then.
Error no_room_to_open(const Runtime& runtime, const std::string& directory, const std::string& asked)
{
    constexpr std::uint64_t list_and_fresh_log = 64u << 10;
    std::uint64_t needed                       = list_and_fresh_log;
    const auto names                           = list_directory(runtime, directory);
    for (const std::string& name : names ? names.value() : std::vector<std::string>{}) {
        std::uint64_t bytes = 0;
        const bool is_log   = name.ends_with(".log") && runtime.files.GetFileSize(directory + "/" + name, &bytes).ok();
        if (is_log) needed += bytes;
    }
    return {
        Failure::storage, "no-room-to-open",
        fmt::format("{} and found: No space left on device; to open it takes about {} KiB, and nothing was changed; "
                    "free this much, or more when other databases are on the same disk, then open it again",
                    asked, needed / 1024 + 1)};
}

result<std::vector<std::string>> cut_torn_tails(const Runtime& runtime, const DatabaseOptions& options)
{
    BOOST_OUTCOME_TRY(scrub_manifest(runtime, options.directory));
    return scrub_logs(runtime, options.directory, options.keep_cut_tails);
}

} // namespace

struct BlockCache {
    std::unique_ptr<leveldb::Cache> blocks;
};

std::shared_ptr<BlockCache> make_block_cache(std::size_t bytes)
{
    return std::make_shared<BlockCache>(BlockCache{std::unique_ptr<leveldb::Cache>{leveldb::NewLRUCache(bytes)}});
}

struct Database::State {
    State(OwnerLock held, leveldb::Env& system, const std::string& directory)
        : lock{std::move(held)}, system{system}, checked{system}, files{checked}, opening{files, directory},
          directory{directory}
    {
    }

    result<std::optional<std::string>> get(const leveldb::ReadOptions& options, std::string_view key) const
    {
        std::string value;
        const auto status = read_with_leveldb(options, key, value);
        if (status.ok()) return std::optional{std::move(value)};
        if (status.IsNotFound()) return std::optional<std::string>{};
        return read_fault.error(status);
    }

    // Without a batch what is in memory is set aside for a table.
    result<void> write(leveldb::WriteBatch* batch, Durability durability)
    {
        if (closed_by_fault) {
            const std::lock_guard held{mutex};
            return fail(Failure::unavailable, "store-closed-by-fault",
                        "write to the database " + directory + " and found it closed by an earlier fault (" + fault +
                            "); this was not written; open it again");
        }
        const std::shared_lock held_for_writing{writing};
        const auto status = write_with_leveldb(batch, durability);
        if (status.ok()) return done();

        // LevelDB would go on and lose later writes: what follows a failed write in its log is not read again.
        const std::lock_guard held{mutex};
        closed_by_fault  = true;
        const auto found = "write to the database " + directory + " and found: " + status.ToString();
        if (fault.empty()) fault = found;
        return fail(Failure::unknown, "write-outcome-unknown",
                    found + "; it is not known whether it was written; " + what_to_do_about(found) +
                        ", and open it again");
    }

    // Of these three an exception ends the process: it would leave LevelDB's lock held, or its queue of writers broken, for those
    // that come next.
    leveldb::Status read_with_leveldb(const leveldb::ReadOptions& options, std::string_view key,
                                      std::string& value) const noexcept
    {
        return database->Get(options, slice(key), &value);
    }

    std::unique_ptr<leveldb::Iterator> iterate_with_leveldb(const leveldb::ReadOptions& options) const noexcept
    {
        return std::unique_ptr<leveldb::Iterator>{database->NewIterator(options)};
    }

    leveldb::Status write_with_leveldb(leveldb::WriteBatch* batch, Durability durability) noexcept
    {
        leveldb::WriteOptions options;
        options.sync = durability == Durability::synced;
        return database->Write(options, batch);
    }

    OwnerLock lock; // goes last
    leveldb::Env& system;
    CheckedTables checked;
    LiveFiles files;
    NewDatabase opening; // over `files`, for LevelDB
    const std::string directory;
    ReadFault read_fault;
    std::vector<std::string> notices;
    std::shared_ptr<BlockCache> block_cache;
    std::unique_ptr<const leveldb::FilterPolicy> filter;
    std::unique_ptr<leveldb::DB> database; // goes before what it was opened with
    std::shared_mutex writing;             // shared by writers; its exclusive owner finds no unfinished write
    std::atomic<bool> closed_by_fault{false};
    std::mutex mutex;  // over the next
    std::string fault; // the first, that closed it
};

Database::Database(std::unique_ptr<State> state) : state_{std::move(state)} {}

Database::~Database() = default;

result<std::unique_ptr<Database>> Database::open(const Runtime& runtime, const DatabaseOptions& options)
{
    auto opened = open_as_it_is(runtime, options);
    if (opened || opened.error().kind != Failure::corrupt || not options.made_anew_when_damaged) return opened;
    BOOST_OUTCOME_TRY(remove_database(runtime, options.directory));
    BOOST_OUTCOME_TRY(auto fresh, open_as_it_is(runtime, options));
    fresh->state_->notices.push_back(opened.error().sentence + " (it was removed, and is built again)");
    return fresh;
}

result<std::unique_ptr<Database>> Database::open_as_it_is(const Runtime& runtime, const DatabaseOptions& options)
{
    const std::string asked = "open the database " + options.directory;
    if (options.create_if_missing) {
        BOOST_OUTCOME_TRY(make_directory(runtime, options.directory));
    }
    if (not options.create_if_missing && not runtime.files.FileExists(options.directory + "/CURRENT")) {
        BOOST_OUTCOME_TRY(check_list_of_files(runtime, options.directory, asked));
        return fail(Failure::invalid, "no-such-database", asked + " and found none there; check the directory's name");
    }
    BOOST_OUTCOME_TRY(auto lock, OwnerLock::take(runtime.files, options.directory, asked));
    BOOST_OUTCOME_TRY(check_list_of_files(runtime, options.directory, asked));
    auto notices = cut_torn_tails(runtime, options);
    if (not notices && is_of_a_full_disk(notices.error().sentence)) {
        return no_room_to_open(runtime, options.directory, asked);
    }
    if (not notices) return std::move(notices.error());

    auto state         = std::make_unique<State>(std::move(lock), runtime.files, options.directory);
    state->read_fault  = eventloom::read_fault(options);
    state->notices     = std::move(notices.value());
    state->block_cache = options.block_cache ? options.block_cache : make_block_cache(options.block_cache_bytes);
    state->filter      = std::unique_ptr<const leveldb::FilterPolicy>{leveldb::NewBloomFilterPolicy(10)};

    leveldb::Options settings;
    settings.env               = &state->opening;
    settings.create_if_missing = options.create_if_missing;
    settings.paranoid_checks   = true;
    settings.reuse_logs        = false; // after a failed sync, reusing a log loses what was acknowledged
    settings.compression       = leveldb::kNoCompression;
    settings.write_buffer_size = options.write_buffer_bytes;
    settings.block_cache       = state->block_cache->blocks.get();
    settings.filter_policy     = state->filter.get();
    settings.max_open_files    = options.max_open_files;
    settings.max_file_size     = options.table_bytes;
    leveldb::DB* opened        = nullptr;
    const auto status          = leveldb::DB::Open(settings, options.directory, &opened);
    if (is_of_a_full_disk(status.ToString())) return no_room_to_open(runtime, options.directory, asked);
    if (not status.ok()) return error_of(status, asked);
    state->database.reset(opened);
    return std::unique_ptr<Database>{new Database{std::move(state)}};
}

result<std::optional<std::string>> Database::get(std::string_view key, const DatabaseSnapshot& at) const
{
    return state_->get(reading(at), key);
}

result<std::optional<std::string>> Database::get_once(std::string_view key) const
{
    auto options       = reading(nullptr);
    options.fill_cache = false;
    return state_->get(options, key);
}

DatabaseCursor Database::cursor(const DatabaseSnapshot& at) const
{
    return cursor_of(state_->iterate_with_leveldb(reading(at)));
}

DatabaseCursor Database::scan_cursor(const DatabaseSnapshot& at) const
{
    auto options       = reading(at);
    options.fill_cache = false;
    return cursor_of(state_->iterate_with_leveldb(options));
}

DatabaseCursor Database::cursor_of(std::unique_ptr<leveldb::Iterator> iterator) const
{
    return DatabaseCursor{
        std::unique_ptr<DatabaseCursor::State>{new DatabaseCursor::State{std::move(iterator), &state_->read_fault}}};
}

DatabaseSnapshot Database::snapshot() const
{
    auto* database = state_->database.get();
    return {database->GetSnapshot(),
            [database](const void* held) { database->ReleaseSnapshot(static_cast<const leveldb::Snapshot*>(held)); }};
}

struct DatabaseCapture::State {
    leveldb::Env& files;
    std::string directory;
    std::map<std::string, std::uint64_t> growing;
    std::shared_ptr<void> held;
};

DatabaseCapture::DatabaseCapture(std::unique_ptr<State> state) : state_{std::move(state)} {}
DatabaseCapture::~DatabaseCapture() = default;

const std::string& DatabaseCapture::directory() const
{
    return state_->directory;
}

result<std::vector<CapturedFile>> DatabaseCapture::files() const
{
    return list_files(state_->files, state_->directory, state_->growing);
}

result<std::unique_ptr<DatabaseCapture>> Database::capture() const
{
    // From here on listed files stay; then the lists are made while no write runs.
    auto held = state_->files.hold();
    const std::unique_lock nobody_writes{state_->writing};
    if (state_->closed_by_fault) {
        return fail(Failure::unavailable, "store-closed-by-fault",
                    "captured the files of the database " + state_->directory +
                        " and found it closed by an earlier fault (" + fault() + "); open it again");
    }
    return std::unique_ptr<DatabaseCapture>{new DatabaseCapture{std::unique_ptr<DatabaseCapture::State>{
        new DatabaseCapture::State{state_->system, state_->directory, state_->files.growing(), std::move(held)}}}};
}

result<void> Database::write(const Batch& batch, Durability durability)
{
    return state_->write(&batch.changes_->batch, durability);
}

result<void> Database::remove_all()
{
    constexpr std::size_t bytes_together = 1u << 20;
    Batch batch;
    auto cursor = scan_cursor();
    for (cursor.seek({}); cursor.valid(); cursor.next()) {
        batch.remove(cursor.key());
        if (batch.bytes() < bytes_together) continue;
        BOOST_OUTCOME_TRY(write(batch, Durability::buffered));
        batch.clear();
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return batch.empty() ? done() : write(batch, Durability::buffered);
}

result<void> Database::write_out()
{
    const std::string_view after_all_keys{"\xff\xff\xff\xff\xff\xff\xff\xff", 8};
    return compact(after_all_keys, after_all_keys);
}

result<void> Database::compact(std::string_view first_key, std::string_view last_key)
{
    // CompactRange would do that too, and keep it to itself when no new log file can be begun: then what is in memory stays
    // there, and what it replaces stays in its table.
    BOOST_OUTCOME_TRY(state_->write(nullptr, Durability::synced));
    const auto first = slice(first_key);
    const auto last  = slice(last_key);
    state_->database->CompactRange(&first, &last);
    // It answers nothing. After a compaction that failed LevelDB takes no write.
    BOOST_OUTCOME_TRY(write(Batch{}, Durability::synced));
    const auto left = state_->files.not_removed();
    if (left.empty()) return done();
    return fail(Failure::storage, "file-not-removed",
                "replaced what is in the file " + left +
                    " and found that it cannot be removed; check its rights and the disk, then run the command again");
}

bool Database::is_closed_by_fault() const
{
    return state_->closed_by_fault;
}

std::string Database::fault() const
{
    const std::lock_guard lock{state_->mutex};
    return state_->fault;
}

const std::vector<std::string>& Database::notices() const
{
    return state_->notices;
}

const std::string& Database::directory() const
{
    return state_->directory;
}

} // namespace eventloom
