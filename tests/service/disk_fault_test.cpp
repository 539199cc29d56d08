// What `serve` reports when the disk takes no more: each part that stops is a line of the log.
#include "service/full_disk.hpp"
#include "service/serving.hpp"
#include "support/kept_log.hpp"

#include <eventloom/messaging/groups.hpp>
#include <eventloom/sagas/saga.hpp>

#include <algorithm>

namespace disk_fault_test {

using namespace eventloom;
using namespace eventloom::testing;

struct Receipt {
    std::string number;
};
struct Print {
    using answer = Receipt;
    int amount   = 0;
};
struct Printing {
    int amount = 0;
};

// A saga whose only step calls a printer, and a group that hears the same event.
void add_printing(Service& service, FullDisk& disk)
{
    service.sagas().add(saga<Printing>(
        "printing", 1, begins{[](const CounterId&, const Added& event) { return Printing{event.amount}; }},
        step("print", act{[](const Printing& printing) { return call(Print{printing.amount}); }})));
    service.sagas().perform<Print>([&disk](const Print&, const CallKey&) -> result<Receipt> {
        disk.is_full = true; // so what it has answered cannot be recorded
        return Receipt{"1"};
    });
    service.groups().add({.name = "listeners"},
                         handles<Counter>([](const Added&, const RecordedEvent&) -> result<void> { return done(); }));
}

TEST_CASE("serve writes a line for the log, the sagas and each group that a full disk has stopped",
          "[service][serve][log]")
{
    FullDisk disk;
    KeptLog log;
    Serving serving{disk};
    serving.runtime.log  = &log;
    serving.more         = [&](Service& service) { add_printing(service, disk); };
    serving.console.look = [&] {
        if (serving.console.looks != 1) return;
        serving.add(5);
        serving.simulated.advance(std::chrono::seconds{1}); // by then the group's checkpoint is to be written
    };
    CHECK(serving.type({"serve"}) == 0);
    const auto lines    = log.lines(LogLevel::error);
    const auto times_of = [&](const std::string& line) { return std::count(lines.begin(), lines.end(), line); };
    for (const auto& line : lines) UNSCOPED_INFO(line);
    CHECK(times_of("error sagas-stopped code=append-outcome-unknown") == 1);
    CHECK(times_of("error group-stopped group=listeners code=write-outcome-unknown") == 1);
    CHECK(times_of("error store-closed directory=" + serving.directory.path() + " code=store-closed-by-fault") == 1);
}

TEST_CASE("a saga that cannot append any more is said to have stopped, before it has tried",
          "[service][followers][sagas]")
{
    FullDisk disk;
    Serving serving{disk};
    serving.more         = [&](Service& service) { add_printing(service, disk); };
    serving.console.look = [&] {
        if (serving.console.looks != 1) return;
        const auto saga = [&] {
            const auto all   = serving.running->followers().list();
            const auto found = std::find_if(all.value().begin(), all.value().end(),
                                            [](const auto& one) { return one.kind == "saga"; });
            return *found;
        };
        CHECK(saga().state == "running");
        disk.is_full = true;
        CHECK_FALSE(serving.running->commands().send(CounterId{"1"}, Add{5}));
        CHECK_FALSE(serving.running->sagas().error()); // it has had nothing to do
        CHECK(saga().state == "stopped");
        REQUIRE(saga().error);
    };
    CHECK(serving.type({"serve"}) == 0);
}

} // namespace disk_fault_test
