// Rebuilds that are killed while queries run.
#include "real/accounts.hpp"
#include "real/child.hpp"
#include "support/every_store.hpp"
#include "support/sweep.hpp"

#include <catch2/catch.hpp>

#include <random>

template const eventloom::EventTypes& eventloom::event_types<branch_bank::Account>();

namespace rebuild_kill_test {

using namespace branch_bank;
using namespace eventloom::testing;

void need(const el::result<void>& what)
{
    REQUIRE(what);
}

// Twenty accounts in each append.
void write_log(AccountsMachine& machine)
{
    const auto& type = el::event_type<Account, Booked>();
    for (std::int64_t first = 0; first < accounts; first += 20) {
        el::AppendRequest request;
        for (auto account = first; account < first + 20; ++account) {
            const auto name = std::to_string(account);
            std::vector<el::NewEvent> events;
            for (std::int64_t i = 0; i < bookings; ++i) {
                el::NewEvent event{
                    .id = machine.runtime.ids.next(), .type = std::string{type.name}, .data = {}, .metadata = {}};
                const Booked fact{pence, name + "/" + std::to_string(i)};
                type.encode(&fact, event.data);
                events.push_back(std::move(event));
            }
            request.streams.push_back({AccountId{name}.stream(), el::ExpectedVersion::any(), std::move(events)});
        }
        REQUIRE(machine.store->append(request));
    }
}

// All rows of all tables, as their bytes stand.
std::vector<std::string> rows_of(AccountsMachine& machine)
{
    std::vector<std::string> all;
    for (const auto& name : machine.names) {
        const auto rows = machine.projections->rows_now(name);
        REQUIRE(rows);
        for (const std::string table : {"totals", "balances"}) {
            const auto page = rows.value().all(table, {.limit = 100'000});
            REQUIRE(page);
            for (const auto& row : page.value().rows) all.push_back(name + "." + table + " " + row);
        }
    }
    return all;
}

void verify_all(AccountsMachine& machine)
{
    for (const auto& name : machine.names) {
        const auto verified = machine.projections->verify(name);
        REQUIRE(verified);
        INFO((verified.value().differences.empty() ? "" : verified.value().differences.front().sentence));
        REQUIRE(verified.value().differences_total == 0);
        REQUIRE(verified.value().rows == static_cast<std::uint64_t>(accounts + branches));
    }
}

// Has the program rebuild, and kills it when it has told of so many steps. Gives the steps of a whole rebuild, if it saw one.
std::size_t rebuild_and_kill(const std::string& directory, std::size_t steps)
{
    Child rebuilder{REBUILDER_PROGRAM, {directory}};
    std::size_t whole = 0;
    for (std::size_t step = 0; step < steps; ++step) {
        const auto line = rebuilder.read_line();
        if (not line) FAIL("the rebuilder ended by itself: " << rebuilder.wait().errors);
        if (*line == "swapped" && whole == 0) whole = step;
    }
    rebuilder.kill();
    const auto ended = rebuilder.wait();
    INFO(ended.errors);
    REQUIRE(ended.exit_code == -1);
    return whole;
}

TEST_CASE("rebuilds killed at random moments fail no query, leave the old rows answering, and end with the same bytes",
          "[real][crash][projections]")
{
    const TemporaryDirectory directory;
    const std::uint64_t seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    std::vector<std::string> undisturbed;
    {
        AccountsMachine machine{directory.path()};
        need(machine.open());
        write_log(machine);
        machine.projections->start();
        need(machine.projections->wait_for(machine.store->head(),
                                           machine.runtime.clock.now() + std::chrono::minutes{5}));
        undisturbed = rows_of(machine);
    }
    REQUIRE(undisturbed.size() == static_cast<std::size_t>(2 * (accounts + branches)));
    std::size_t steps = 40; // of a whole rebuild, until one was seen
    const auto kills  = Sweep{4}.share_of(20);
    for (std::uint64_t kill = 0; kill < kills; ++kill) {
        INFO("kill " << kill);
        const auto whole = rebuild_and_kill(directory.path(), 1 + random() % (steps + steps / 4));
        if (whole > 0) steps = whole;
    }
    AccountsMachine machine{directory.path()};
    need(machine.open());
    CHECK(left_over(machine) == "");
    CHECK(rows_of(machine) == undisturbed);
    machine.projections->start();
    const auto rebuilt = machine.projections->rebuild(machine.names);
    REQUIRE(rebuilt);
    for (const auto& report : rebuilt.value()) CHECK_FALSE(report.error);
    CHECK(rows_of(machine) == undisturbed);
    verify_all(machine);
    CHECK(left_over(machine) == "");
}

} // namespace rebuild_kill_test
