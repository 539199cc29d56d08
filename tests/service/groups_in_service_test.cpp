// Consumer groups of a service, with typed handlers.
#include "support/counter.hpp"
#include "support/every_store.hpp"

#include <eventloom/messaging/groups.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace groups_in_service_test {

using namespace eventloom;
using namespace eventloom::testing;

struct Counters {
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const TemporaryDirectory directory;
    std::vector<int> heard;
    int refused = 0;
    std::unique_ptr<Service> service;

    void open()
    {
        service.reset();
        auto opened = Service::open(runtime, {.directory = directory.path()});
        REQUIRE(opened);
        service = std::move(opened.value());
        service->groups().add({.name = "listeners", .attempts_max = 2},
                              handles<Counter>([this](const Added& event, const RecordedEvent&) -> result<void> {
                                  if (event.amount == refused)
                                      return fail(Failure::invalid, "unlucky", "Not this one.");
                                  heard.push_back(event.amount);
                                  return done();
                              }));
        REQUIRE(service->start());
    }

    void add(const std::string& counter, int amount)
    {
        NewEvent event = encoded<Counter>(Added{amount});
        event.id       = runtime.ids.next();
        REQUIRE(service->store().append(to("counter-" + counter, ExpectedVersion::any(), {std::move(event)})));
    }

    bool wait_for_all()
    {
        return service->groups()
            .find("listeners")
            ->wait_for(service->store().head(), simulated.now() + std::chrono::minutes{1});
    }
};

TEST_CASE("a group that is added to a service hears its events when it is started, and goes on after its checkpoint",
          "[service][groups]")
{
    Counters counters;
    counters.open();
    counters.add("1", 5);
    counters.simulated.run_until_idle();
    CHECK(counters.heard.empty()); // a command that runs alone starts none
    REQUIRE(counters.service->groups().start());
    REQUIRE(counters.wait_for_all());
    CHECK(counters.heard == std::vector<int>{5});
    counters.service->stop();

    counters.open();
    counters.add("1", 6);
    REQUIRE(counters.service->groups().start());
    REQUIRE(counters.wait_for_all());
    CHECK(counters.heard == std::vector<int>{5, 6});
}

TEST_CASE("a handler of a group may leave out the record, and a group may take events as they are recorded",
          "[service][groups]")
{
    Counters counters;
    counters.open();
    std::vector<int> amounts;
    counters.service->groups().add({.name = "amounts"}, handles<Counter>([&](const Added& event) -> result<void> {
                                       if (event.amount < 0) return fail(Failure::invalid, "too-little", "Not this.");
                                       amounts.push_back(event.amount);
                                       return done();
                                   }));
    std::vector<std::string> streams;
    counters.service->groups().add(
        {.name = "streams"},
        HandledEvents{"counter", {"counter-added"}, [&](const RecordedEvent& event) -> result<void> {
                          streams.push_back(event.stream);
                          return done();
                      }});
    REQUIRE(counters.service->groups().start());
    counters.add("1", 5);
    counters.add("2", -1);
    counters.add("2", 6); // waits for the one before it
    counters.simulated.advance(std::chrono::minutes{1});
    CHECK(amounts == std::vector<int>{5});
    CHECK(streams == std::vector<std::string>{"counter-1", "counter-2", "counter-2"});
}

TEST_CASE("a group that begins after the end of the log hears only what comes later, also after a restart",
          "[service][groups]")
{
    Counters counters;
    std::vector<int> late;
    const auto open = [&] {
        counters.open();
        auto& service = *counters.service;
        service.groups().add({.name = "late", .after = service.store().head()},
                             handles<Counter>([&](const Added& event) -> result<void> {
                                 late.push_back(event.amount);
                                 return done();
                             }));
    };
    open();
    counters.add("1", 5);
    open(); // it had not started yet: the present end is here
    REQUIRE(counters.service->groups().start());
    counters.service->stop();
    counters.add("1", 6);
    open();
    REQUIRE(counters.service->groups().start());
    counters.add("1", 7);
    counters.simulated.advance(std::chrono::seconds{1});
    CHECK(late == std::vector<int>{6, 7});
}

TEST_CASE("a handler that keeps failing stops its stream until it is retried, and its status says why",
          "[service][groups]")
{
    Counters counters;
    counters.refused = 13;
    counters.open();
    REQUIRE(counters.service->groups().start());
    counters.add("1", 13);
    counters.add("2", 7);
    counters.simulated.advance(std::chrono::minutes{1});
    CHECK(counters.heard == std::vector<int>{7});
    const auto status = counters.service->groups().status();
    REQUIRE(status.size() == 1);
    CHECK(status[0].name == "listeners");
    CHECK(status[0].lag == 2);
    REQUIRE(status[0].stopped.size() == 1);
    CHECK(status[0].stopped[0].stream == "counter-1");
    CHECK(status[0].stopped[0].attempts == 2);
    CHECK(status[0].stopped[0].error.code == "unlucky");
    CHECK(counters.service->faults().empty()); // of a handler, and not of the machine

    counters.refused = 0;
    REQUIRE(counters.service->groups().find("listeners")->retry("counter-1"));
    REQUIRE(counters.wait_for_all());
    CHECK(counters.heard == std::vector<int>{7, 13});
}

} // namespace groups_in_service_test
