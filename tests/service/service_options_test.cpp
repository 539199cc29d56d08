// What a program chooses when it opens its service.
#include "support/counter.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace service_options_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("a service whose engine has limits of its own keeps to them", "[service][engines]")
{
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const TemporaryDirectory directory;
    const auto engine = leveldb_engine({.limits = {.event_bytes = 1'000}});
    const auto opened = Service::open(runtime, {.directory = directory.path(), .engine = engine.get()});
    REQUIRE(opened);
    auto& store         = opened.value()->store();
    const auto appended = [&](std::size_t bytes) {
        return store.append(to("note-1", ExpectedVersion::any(), {note_of(runtime, std::string(bytes, 'x'))}));
    };
    CHECK(appended(500));
    const auto refused = appended(2'000);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "event-too-large");
}

} // namespace service_options_test
