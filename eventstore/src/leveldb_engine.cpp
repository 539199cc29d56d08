#include <eventloom/eventstore/engines.hpp>

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/plain_files.hpp>

#include <leveldb/env.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace eventloom {

namespace {

Engine engine_of(std::shared_ptr<LevelDbStore> store)
{
    LevelDbStore* const opened = store.get();
    return {.store = std::move(store), .history = opened, .upkeep = opened, .backup = opened};
}

result<Engine> open_engine(const Runtime& runtime, LevelDbStoreOptions options)
{
    BOOST_OUTCOME_TRY(auto store, LevelDbStore::open(runtime, std::move(options)));
    return engine_of(std::move(store));
}

std::string owner_lock(const std::string& log)
{
    return log + "/OWNER.LOCK";
}

// The store of an interrupted import, if it is undamaged. An import is synced only at its end, so a power cut may have damaged
// it: then a new store.
result<Engine> open_importing(const Runtime& runtime, const LevelDbStoreOptions& options)
{
    auto store = LevelDbStore::open(runtime, options);
    if (store) {
        BOOST_OUTCOME_TRY(const auto report, store.value()->verify());
        if (report.findings_total == 0) return engine_of(std::move(store.value()));
        store.value().reset();
    } else if (store.error().kind != Failure::corrupt) {
        return std::move(store.error());
    }
    BOOST_OUTCOME_TRY(remove_database(runtime, options.directory + "/index"));
    BOOST_OUTCOME_TRY(remove_database(runtime, options.directory));
    return open_engine(runtime, options);
}

// Reserves the directory of a new store, so that no other process makes one there.
class DirectoryReservation {
public:
    DirectoryReservation(leveldb::Env& files, std::string log) : files_{files}, log_{std::move(log)} {}
    DirectoryReservation(const DirectoryReservation&) = delete;
    ~DirectoryReservation() { release(); }

    result<void> take()
    {
        const auto status = files_.LockFile(lock_file(), &lock_);
        if (status.ok()) return done();
        return fail(Failure::unavailable, "held-by-another-process",
                    "asked to import into " + log_ + " and found that another process has it, or that " + lock_file() +
                        " cannot be written (" + status.ToString() + "); try again when that process has ended");
    }

    result<void> replace_by(const std::string& importing)
    {
        release();
        const auto status = files_.RenameFile(importing, log_);
        if (status.ok()) return done();
        return fail(Failure::storage, "not-imported",
                    "moved the import to " + log_ + " and found: " + status.ToString() +
                        "; remove what else is there, then import again: it continues where it stopped");
    }

private:
    std::string lock_file() const { return owner_lock(log_); }

    // Removes the directory again, because take() has made it.
    void release()
    {
        if (lock_ == nullptr) return;
        files_.RemoveFile(lock_file());
        files_.RemoveDir(log_);
        files_.UnlockFile(std::exchange(lock_, nullptr));
    }

    leveldb::Env& files_;
    const std::string log_;
    leveldb::FileLock* lock_ = nullptr;
};

bool is_of_store(const std::string& name)
{
    return name == "CURRENT" || name.starts_with("MANIFEST-") || name.ends_with(".ldb") || name.ends_with(".log");
}

class LevelDbEngine final : public EngineKind {
public:
    explicit LevelDbEngine(LevelDbStoreOptions chosen = {}) : chosen_{std::move(chosen)} {}

    std::string name() const override { return "leveldb"; }
    EngineAbilities abilities() const override
    {
        return {.scavenges = true, .compacts = true, .repairs = true, .backs_up = true};
    }
    std::string place_of_log(const std::string& directory) const override { return directory + "/log"; }

    result<Engine> open(const Runtime& runtime, const EngineOptions& options) override
    {
        LevelDbStoreOptions all = chosen_;
        all.directory           = place_of_log(options.directory);
        all.durability          = options.durability;
        all.create_if_missing   = options.create_if_missing;
        return open_engine(runtime, std::move(all));
    }

    result<bool> has_log(const Runtime& runtime, const std::string& directory) const override
    {
        BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, place_of_log(directory)));
        return std::any_of(names.begin(), names.end(), is_of_store);
    }

    std::optional<long> process_with_log(const std::string& directory) const override
    {
        return process_that_holds(place_of_log(directory) + "/LOCK");
    }

    result<void> remove_log(const Runtime& runtime, const std::string& directory,
                            const std::function<result<void>()>& remove_files) override
    {
        const auto log = place_of_log(directory);
        std::unique_ptr<HeldFile> held;
        if (file_exists(runtime, log)) {
            auto hold = HeldFile::hold(runtime, owner_lock(log));
            if (not hold) {
                return fail(Failure::unavailable, "held-by-another-process",
                            "asked to remove " + directory +
                                " and found that another process has it open; try again when that process has ended");
            }
            held = std::move(hold.value());
        }
        return remove_files();
    }

    bool never_changes(const std::string& file) const override
    {
        return std::filesystem::path{file}.parent_path().filename() == "clusters";
    }

    result<std::unique_ptr<SnapshotStore>> open_snapshots(const Runtime& runtime, const std::string& directory) override
    {
        return open_leveldb_snapshots(runtime, directory + "/snapshots");
    }

    // A new log is made in importing/ and takes its place as log/ when it is published.
    result<ImportTarget> open_import(const Runtime& runtime, const std::string& directory) override
    {
        const auto log = place_of_log(directory);
        // No import is reported before all of it is durable, so single appends need no sync.
        LevelDbStoreOptions options = chosen_;
        options.directory           = log;
        options.durability          = Durability::buffered;
        options.create_if_missing   = false;
        options.limits.older_names  = true;
        options.cluster_events      = 0;
        BOOST_OUTCOME_TRY(const bool is_there, has_log(runtime, directory));
        if (is_there) {
            BOOST_OUTCOME_TRY(auto engine, open_engine(runtime, options));
            return ImportTarget{.publish = done, .engine = std::move(engine)};
        }
        BOOST_OUTCOME_TRY(make_directory(runtime, log));
        const auto reservation = std::make_shared<DirectoryReservation>(runtime.files, log);
        BOOST_OUTCOME_TRY(reservation->take());
        options.directory         = directory + "/importing";
        options.create_if_missing = true;
        BOOST_OUTCOME_TRY(auto engine, open_importing(runtime, options));
        return ImportTarget{
            .publish = [reservation, importing = options.directory] { return reservation->replace_by(importing); },
            .engine  = std::move(engine),
            .is_new  = true};
    }

private:
    const LevelDbStoreOptions chosen_;
};

} // namespace

EngineKind& leveldb_engine()
{
    static LevelDbEngine engine;
    return engine;
}

std::unique_ptr<EngineKind> leveldb_engine(const LevelDbStoreOptions& options)
{
    return std::make_unique<LevelDbEngine>(options);
}

} // namespace eventloom
