// A log with personal data and its keys, on the disk.
#pragma once

#include "support/personal_events.hpp"
#include "support/simulated_secrets.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/privacy/detail/personal_keys.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace personal_data_test {

using namespace eventloom;
using namespace eventloom::testing;

const std::string canary = "Ada Lovelace, 12 St James's Square";

inline std::string error_of(const auto& answer)
{
    return answer ? "" : answer.error().code;
}

inline std::size_t files_with(const std::string& directory, std::string_view text)
{
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (not entry.is_regular_file()) continue;
        std::ifstream file{entry.path(), std::ios::binary};
        const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
        found += bytes.find(text) != std::string::npos ? 1 : 0;
    }
    return found;
}

// A log and its keys on the disk, closed and opened again at will.
struct PersonalMachine {
    PersonalMachine() { open(); }

    void open()
    {
        close();
        auto opened = LevelDbStore::open(runtime, {.directory = directory.path() + "/log"});
        REQUIRE(opened);
        log = std::move(opened.value());
        keys.emplace(runtime, PersonalKeysOptions{.directory       = keys_directory(),
                                                  .master_key_file = master_key_file,
                                                  .secrets         = &secrets});
        store = seal_personal_data(*log, *keys);
    }
    void close()
    {
        store.reset();
        keys.reset();
        log.reset();
    }
    std::string keys_directory() const { return directory.path() + "/keys"; }

    result<Appended> append(std::vector<NewEvent> events)
    {
        return store->append(to("customer-1", ExpectedVersion::any(), std::move(events)));
    }
    // What stands for a subject's key in the files.
    std::string stored_key(const std::string& subject)
    {
        const auto copy = directory.path() + "/copy"; // of a process that lives on, and has the lock
        std::filesystem::copy(keys_directory(), copy, std::filesystem::copy_options::recursive);
        std::string bytes;
        {
            const auto database = Database::open(runtime, {.directory = copy});
            REQUIRE(database);
            bytes = database.value()->get("k" + subject).value().value();
        }
        std::filesystem::remove_all(copy);
        return bytes;
    }
    // How reading the whole log ends.
    std::string read_error()
    {
        const auto cursor = store->read({});
        for (;;) {
            const auto event = cursor->next();
            if (not event) return event.error().code;
            if (event.value() == nullptr) return "";
        }
    }

    SimulatedExecutor simulated{1};
    Runtime runtime{simulated, simulated, simulated, system_files()};
    TemporaryDirectory directory;
    SimulatedSecrets secrets{runtime, 1};
    std::string master_key_file;
    std::unique_ptr<LevelDbStore> log;
    std::optional<PersonalKeys> keys;
    std::unique_ptr<EventStore> store;
};

} // namespace personal_data_test
