// All event stores, for the tests that every one of them must pass. A new store adds one line in every_store.cpp.
#pragma once

#include <eventloom/framework/event_store.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace eventloom::testing {

// A directory that is removed with everything in it.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&)            = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

// A store under test. `reopen` closes and opens it where that means something.
struct StoreUnderTest {
    std::unique_ptr<EventStore> store;
    std::function<void(StoreUnderTest&)> reopen = [](StoreUnderTest&) {};
    std::shared_ptr<void> resources;

    EventStore* operator->() const { return store.get(); }
};

struct StoreKind {
    std::string name;
    std::function<StoreUnderTest(const Runtime&, const StoreLimits&)> opened_with;

    StoreUnderTest open(const Runtime& runtime, const StoreLimits& limits = {}) const
    {
        return opened_with(runtime, limits);
    }
};

const std::vector<StoreKind>& every_store();

// An event with a fresh id whose data is `text`.
NewEvent note_of(const Runtime& runtime, std::string text, std::string type = "noted");

// One append of `events` to one stream.
AppendRequest to(std::string stream, ExpectedVersion expected, std::vector<NewEvent> events);

// Everything that a cursor gives; the test fails on an error.
std::vector<RecordedEvent> all_of(EventCursor& cursor);
std::vector<RecordedEvent> read_all(const EventStore& store, const ReadRequest& request = {});

} // namespace eventloom::testing
