// What a consumer group reports to the log of the program.
#include "support/group_machine.hpp"
#include "support/kept_log.hpp"

#include <catch2/catch.hpp>

namespace consumer_groups_log_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

struct Reporting : GroupMachine {
    Reporting() : GroupMachine{any_store()}
    {
        runtime.log = &log;
        open_groups();
    }

    KeptLog log;
};

TEST_CASE("each delivery of a group that fails is a line of the log, and the last says that the stream has stopped",
          "[eventstore][groups][log]")
{
    Reporting machine;
    const auto group  = machine.open({.name = "mail", .attempts_max = 3});
    const auto member = group->join("one", [](const RecordedEvent& event) -> result<void> {
        if (event.stream == "order-2") return done();
        return fail(Failure::unavailable, "mail-down", "The mail server does not answer.");
    });
    REQUIRE(member);
    machine.append("order-1");
    machine.append("order-2");
    machine.simulated.advance(1h);
    const Lines stopped{"warning delivery-failed group=mail stream=order-1 attempt=1 code=mail-down",
                        "warning delivery-failed group=mail stream=order-1 attempt=2 code=mail-down",
                        "error stream-stopped group=mail stream=order-1 attempt=3 code=mail-down"};
    CHECK(machine.log.lines(LogLevel::debug) == stopped);

    REQUIRE(group->retry("order-1"));
    machine.simulated.advance(1h);
    auto again = stopped;
    again.insert(again.end(), stopped.begin(), stopped.end());
    CHECK(machine.log.lines(LogLevel::debug) == again);
}

TEST_CASE("a member whose lease ends is a line of the log, and one that leaves is not", "[eventstore][groups][log]")
{
    Reporting machine;
    const auto group = machine.open({.name = "mail", .lease = 10s});
    machine.append("order-1", 2);
    const auto leaving = machine.pull(*group, "leaving");
    machine.acknowledge(*leaving, machine.next(*leaving), 1);
    leaving->leave();
    const auto silent = machine.pull(*group, "silent");
    CHECK(machine.next(*silent).events.size() == 1);
    machine.simulated.advance(1h);
    CHECK(machine.log.lines(LogLevel::debug) == Lines{"warning lease-ended group=mail member=silent"});
}

} // namespace consumer_groups_log_test
