#include "support/every_store.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/eventstore/memory_store.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <unistd.h>

namespace eventloom::testing {

namespace {

std::unique_ptr<EventStore> open_leveldb(const Runtime& runtime, const std::string& directory)
{
    auto store = LevelDbStore::open(runtime, {.directory = directory});
    INFO((store ? "" : store.error().sentence));
    REQUIRE(store);
    return std::move(store.value());
}

StoreUnderTest leveldb_under_test(const Runtime& runtime)
{
    const auto directory = std::make_shared<TemporaryDirectory>();
    StoreUnderTest test;
    test.store     = open_leveldb(runtime, directory->path());
    test.resources = directory;
    test.reopen    = [runtime, directory](StoreUnderTest& self) {
        self.store.reset();
        self.store = open_leveldb(runtime, directory->path());
    };
    return test;
}

StoreUnderTest memory_under_test(const Runtime& runtime)
{
    StoreUnderTest test;
    test.store = open_memory_store(runtime);
    return test;
}

} // namespace

TemporaryDirectory::TemporaryDirectory()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "eventloom-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory()
{
    std::error_code ignored; // a test that took rights away has given them back, or the system cleans up
    std::filesystem::remove_all(path_, ignored);
}

const std::vector<StoreKind>& every_store()
{
    static const std::vector<StoreKind> kinds{
        {"memory", memory_under_test},
        {"LevelDB", leveldb_under_test},
    };
    return kinds;
}

NewEvent note_of(const Runtime& runtime, std::string text, std::string type)
{
    NewEvent event;
    event.id   = runtime.ids.next();
    event.type = std::move(type);
    event.data = std::move(text);
    return event;
}

AppendRequest to(std::string stream, ExpectedVersion expected, std::vector<NewEvent> events)
{
    AppendRequest request;
    request.streams.push_back({std::move(stream), expected, std::move(events)});
    return request;
}

std::vector<RecordedEvent> all_of(EventCursor& cursor)
{
    std::vector<RecordedEvent> events;
    for (;;) {
        const auto next = cursor.next();
        INFO((next ? "" : next.error().sentence));
        REQUIRE(next);
        if (next.value() == nullptr) return events;
        events.push_back(*next.value());
    }
}

std::vector<RecordedEvent> read_all(const EventStore& store, const ReadRequest& request)
{
    return all_of(*store.read(request));
}

} // namespace eventloom::testing
