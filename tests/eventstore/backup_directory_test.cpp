// What a directory of backups is, which of its files are ours to remove, which backup is the newest, and who may work in it.
#include "eventstore/backup_machine.hpp"

#include <leveldb/env.h>

#include <algorithm>
#include <thread>

namespace backup_directory_test {

using namespace eventloom;
using namespace eventloom::testing;

// A disk that counts how often the test's own thread asks for the removal of each file. LevelDB has a thread of its own.
struct CountingRemovals final : leveldb::EnvWrapper {
    CountingRemovals() : EnvWrapper{&system_files()} {}
    leveldb::Status RemoveFile(const std::string& path) override
    {
        if (std::this_thread::get_id() == thread) ++asked[path];
        return target()->RemoveFile(path);
    }
    leveldb::Status DeleteFile(const std::string& path) override { return RemoveFile(path); }
    const std::thread::id thread = std::this_thread::get_id();
    std::map<std::string, unsigned> asked;
};

TEST_CASE("files that LevelDB gives up under a long backup are removed once each when it ends", "[eventstore][backup]")
{
    const Machine machine;
    CountingRemovals files;
    const Runtime runtime{machine.runtime.clock, machine.runtime.executor, machine.runtime.ids, files};
    {
        const auto store = LevelDbStore::open(
            runtime,
            {.directory = machine.data() + "/log", .write_buffer_bytes = 64u << 10, .index_events_in_memory = 100});
        REQUIRE(store);
        machine.append(*store.value(), 100);
        const auto captured = store.value()->capture();
        REQUIRE(captured);
        machine.append(*store.value(), 1'500);
        files.asked.clear();
    }
    CHECK(files.asked.size() > 10);
    for (const auto& [path, times] : files.asked) {
        INFO(path);
        CHECK(times == 1);
    }
}

} // namespace backup_directory_test
