// A store on the real disk that is backed up, and the files that this leaves.
#pragma once

#include "support/every_store.hpp"
#include "support/files.hpp"

#include <eventloom/eventstore/backup.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <map>

namespace eventloom::testing {

namespace fs = std::filesystem;

using Files = std::map<std::string, std::string>; // path beneath a directory, content

// The files that backups share.
inline Files shared_files(const std::string& backups)
{
    return files_in(backups + "/files");
}

inline void put(const fs::path& path, const std::string& content)
{
    fs::remove(path); // it may have another name in the store
    std::ofstream{path, std::ios::binary} << content;
}

// A store with little memory, so that its files change often.
class BackupMachine {
public:
    const std::string& path() const { return directory_.path(); }
    std::string data() const { return path() + "/data"; }
    std::string backups() const { return path() + "/backups"; }

    std::unique_ptr<LevelDbStore> open(const std::string& data) const
    {
        auto store = LevelDbStore::open(
            runtime, {.directory = data + "/log", .write_buffer_bytes = 64u << 10, .index_events_in_memory = 100});
        REQUIRE(store);
        return std::move(store.value());
    }

    void append(LevelDbStore& store, int events) const
    {
        for (int i = 0; i < events; ++i) {
            const auto number  = std::to_string(store.head());
            auto note          = note_of(runtime, std::string(600, 'x') + number);
            note.metadata.tags = {"tag-" + std::to_string(i % 7)};
            REQUIRE(store.append(to("stream-" + std::to_string(i % 5), ExpectedVersion::any(), {note})));
        }
    }

    BackupReport back_up(LevelDbStore& store, BackupOptions options = {}) const
    {
        if (options.into.empty()) options.into = backups();
        auto made = eventloom::back_up(runtime, store, options);
        REQUIRE(made);
        return made.value();
    }

    result<RestoreReport> restore(const std::string& name, const std::string& into) const
    {
        return restore_backup(runtime, {.from = backups(), .name = name, .into = into});
    }

    SystemExecutor executor;
    Runtime runtime{system_clock(), executor, system_ids(), system_files()};

private:
    const TemporaryDirectory directory_;
};

inline void check_same_events(const std::vector<RecordedEvent>& one, const std::vector<RecordedEvent>& other)
{
    REQUIRE(one.size() == other.size());
    for (std::size_t i = 0; i < one.size(); ++i) REQUIRE(one[i] == other[i]);
}

} // namespace eventloom::testing
