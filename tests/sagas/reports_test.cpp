// What the sagas report to the log of the program.
#include "support/every_store.hpp"
#include "support/kept_log.hpp"
#include "support/travel.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace reports_test {

using namespace eventloom;
using namespace eventloom::testing;
using Lines = std::vector<std::string>;

struct Reporting {
    SimulatedExecutor simulated{1};
    KeptLog log;
    Runtime runtime{simulated, simulated, simulated, system_files(), &log};
    std::unique_ptr<EventStore> store = open_memory_store(runtime);
    TemporaryDirectory directory;
    Card card;
    std::unique_ptr<Agency> agency = std::make_unique<Agency>(runtime, *store, directory.path(), card);

    void finish() { CHECK(agency->sagas.finish(simulated.now() + std::chrono::hours{24 * 30})); }
    void book()
    {
        REQUIRE(agency->commands.send(id<Trip>{"1"}, Book{1}));
        finish();
    }
};

TEST_CASE("a saga that completes is only in the details, and what fails or is undone is a line each", "[sagas][log]")
{
    Reporting completed;
    completed.book();
    CHECK(completed.log.lines(LogLevel::info).empty());
    CHECK(completed.log.lines(LogLevel::debug).back() == "debug saga-completed saga=booking key=1");

    Reporting declined;
    declined.card.declines = true;
    declined.book();
    CHECK(declined.log.lines(LogLevel::info) ==
          Lines{"warning saga-step-failed saga=booking key=1 step=charge the card code=declined",
                "info saga-step-undone saga=booking key=1 step=hold room",
                "info saga-step-undone saga=booking key=1 step=hold seats",
                "warning saga-compensated saga=booking key=1"});
}

TEST_CASE("each attempt that fails is reported, and a saga that is stuck once, also when it is opened again",
          "[sagas][log]")
{
    Reporting trying;
    trying.card.failures = 2;
    trying.book();
    const std::string failed = "warning saga-attempt-failed saga=booking key=1 step=charge the card code=line-dead";
    CHECK(trying.log.lines() == Lines{failed, failed});

    Reporting stuck;
    stuck.card.silent = true;
    REQUIRE(stuck.agency->commands.send(id<Trip>{"1"}, Book{1}));
    stuck.simulated.run_until_idle();
    for (int again = 0; again < 2; ++again) {
        stuck.agency.reset();
        stuck.simulated.drop_everything();
        // Of another version of the saga alone.
        stuck.agency = std::make_unique<Agency>(stuck.runtime, *stuck.store, stuck.directory.path(), stuck.card, 2);
        stuck.finish();
        // Also at the start, while it is not stuck yet.
        CHECK(stuck.log.lines() == Lines{"error saga-version-missing saga=booking version=1 instances=1",
                                         "error saga-stuck saga=booking key=1 step= code=unknown-saga-version"});
    }
}

} // namespace reports_test
