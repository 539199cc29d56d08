#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/detail/inline_rows.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <unistd.h>

namespace eventloom::testing {

namespace {

std::unique_ptr<EventStore> open_leveldb(const Runtime& runtime, LevelDbStoreOptions options)
{
    auto store = LevelDbStore::open(runtime, std::move(options));
    REQUIRE(store);
    return std::move(store.value());
}

StoreUnderTest leveldb_with(const Runtime& runtime, LevelDbStoreOptions options)
{
    const auto directory = std::make_shared<TemporaryDirectory>();
    options.directory    = directory->path();
    StoreUnderTest test;
    test.store     = open_leveldb(runtime, options);
    test.resources = directory;
    test.reopen    = [runtime, options](StoreUnderTest& self) {
        self.store.reset();
        self.store = open_leveldb(runtime, options);
    };
    return test;
}

// The same store with clusters of a few events, made before every read: so that reads find most of what they want there.
class ClusteredStore final : public EventStore {
public:
    ClusteredStore(const Runtime& runtime, const std::string& directory, const StoreLimits& limits)
    {
        auto store = LevelDbStore::open(runtime, {.directory              = directory,
                                                  .limits                 = limits,
                                                  .index_events_in_memory = 16,
                                                  .cluster_events         = 6,
                                                  .cluster_memory_bytes   = 512});
        REQUIRE(store);
        store_ = std::move(store.value());
    }
    result<Appended> append(const AppendRequest& request) override { return store_->append(request); }
    void append(AppendRequest request, AppendCompletion completion) override
    {
        store_->append(std::move(request), std::move(completion));
    }
    std::unique_ptr<EventCursor> read(const ReadRequest& request) const override
    {
        // A fault shows itself in what is read.
        static_cast<void>(store_->compact());
        return store_->read(request);
    }
    result<std::uint64_t> stream_length(std::string_view stream) const override
    {
        return store_->stream_length(stream);
    }
    result<std::optional<RecordedEvent>> find_event(const Uuid& id) const override { return store_->find_event(id); }
    result<std::vector<std::string>> stored_types() const override { return store_->stored_types(); }
    result<std::optional<CommandRecord>> find_command(const Uuid& id) const override
    {
        return store_->find_command(id);
    }
    Position head() const override { return store_->head(); }
    Observation observe(CommitObserver observer) override { return store_->observe(std::move(observer)); }
    std::shared_ptr<InlineRows> inline_rows() const override { return store_->inline_rows(); }
    result<std::unique_ptr<HeldAppends>> hold_appends() override { return store_->hold_appends(); }

private:
    std::unique_ptr<LevelDbStore> store_;
};

StoreUnderTest clustered_under_test(const Runtime& runtime, const StoreLimits& limits)
{
    const auto directory = std::make_shared<TemporaryDirectory>();
    StoreUnderTest test;
    test.store     = std::make_unique<ClusteredStore>(runtime, directory->path(), limits);
    test.resources = directory;
    test.reopen    = [runtime, directory, limits](StoreUnderTest& self) {
        self.store.reset();
        self.store = std::make_unique<ClusteredStore>(runtime, directory->path(), limits);
    };
    return test;
}

StoreUnderTest leveldb_under_test(const Runtime& runtime, const StoreLimits& limits)
{
    return leveldb_with(runtime, {.directory = "", .limits = limits});
}

// Records of a few events, and an index that goes to the disk again and again.
StoreUnderTest leveldb_in_small_pieces(const Runtime& runtime, const StoreLimits& limits)
{
    return leveldb_with(runtime,
                        {.directory = "", .limits = limits, .record_bytes = 512, .index_events_in_memory = 64});
}

StoreUnderTest memory_under_test(const Runtime& runtime, const StoreLimits& limits)
{
    StoreUnderTest test;
    test.store = open_memory_store(runtime, limits);
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
        {"LevelDB, clustered", clustered_under_test},
        {"LevelDB", leveldb_under_test},
        {"LevelDB in small pieces", leveldb_in_small_pieces},
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
