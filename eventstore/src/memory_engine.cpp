#include <eventloom/eventstore/engines.hpp>

#include "memory_log.hpp"

#include <map>
#include <mutex>

namespace eventloom {

namespace {

Engine engine_of(std::shared_ptr<MemoryStore> store)
{
    MemoryStore* const opened = store.get();
    return {.store = std::move(store), .history = opened, .upkeep = opened};
}

class MemoryEngine final : public EngineKind {
public:
    std::string name() const override { return "memory"; }
    EngineAbilities abilities() const override { return {}; }
    std::string place_of_log(const std::string& directory) const override { return "memory, for " + directory; }

    result<Engine> open(const Runtime& runtime, const EngineOptions& options) override
    {
        const std::lock_guard lock{mutex_};
        if (not logs_.contains(options.directory) && not options.create_if_missing) {
            return fail(Failure::storage, "no-such-database",
                        "opened the log of " + options.directory + " and found none in memory; have it made first");
        }
        return open_kept(runtime, options.directory);
    }

    result<bool> has_log(const Runtime&, const std::string& directory) const override
    {
        const std::lock_guard lock{mutex_};
        return logs_.contains(directory);
    }

    result<void> remove_log(const Runtime&, const std::string& directory,
                            const std::function<result<void>()>& remove_files) override
    {
        const std::lock_guard lock{mutex_};
        const auto found = logs_.find(directory);
        if (found != logs_.end() && not found->second.open.expired()) return is_open("remove", directory);
        BOOST_OUTCOME_TRY(remove_files());
        if (found != logs_.end()) logs_.erase(found);
        return done();
    }

    result<std::unique_ptr<SnapshotStore>> open_snapshots(const Runtime&, const std::string&) override
    {
        return open_memory_snapshots();
    }

    result<ImportTarget> open_import(const Runtime& runtime, const std::string& directory) override
    {
        const std::lock_guard lock{mutex_};
        if (logs_.contains(directory)) {
            BOOST_OUTCOME_TRY(auto engine, open_kept(runtime, directory));
            return ImportTarget{.publish = done, .engine = std::move(engine)};
        }
        const auto log     = std::make_shared<MemoryLog>();
        const auto publish = [this, log, directory]() -> result<void> {
            const std::lock_guard publishing{mutex_};
            if (logs_.try_emplace(directory, Kept{log, {}}).second) return done();
            return fail(Failure::unavailable, "held-by-another-process",
                        "gave what was imported its place in " + directory +
                            " and found that another log was made there meanwhile; import into another directory");
        };
        return ImportTarget{.publish = publish,
                            .engine  = engine_of(open_memory_store(runtime, log, {.older_names = true})),
                            .is_new  = true};
    }

private:
    struct Kept {
        std::shared_ptr<MemoryLog> log = std::make_shared<MemoryLog>();
        std::weak_ptr<EventStore> open;
    };

    static Error is_open(const std::string& what, const std::string& directory)
    {
        return {Failure::unavailable, "held-by-another-process",
                "asked to " + what + " the log of " + directory + " in memory and found it open; close it first"};
    }

    // Under the lock.
    result<Engine> open_kept(const Runtime& runtime, const std::string& directory)
    {
        Kept& kept = logs_[directory];
        if (not kept.open.expired()) return is_open("open", directory);
        auto engine = engine_of(open_memory_store(runtime, kept.log));
        kept.open   = engine.store;
        return engine;
    }

    mutable std::mutex mutex_;
    std::map<std::string, Kept> logs_; // by data directory
};

} // namespace

std::unique_ptr<EngineKind> memory_engine()
{
    return std::make_unique<MemoryEngine>();
}

} // namespace eventloom
