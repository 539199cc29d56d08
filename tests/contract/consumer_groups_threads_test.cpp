// Consumer groups on real threads: for the thread sanitizer, and for handlers that really hang.
#include "support/every_store.hpp"
#include "support/group_ledger.hpp"

#include <eventloom/messaging/consumer_groups.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <future>
#include <thread>

namespace consumer_groups_threads_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

TEST_CASE("members on many threads share a log out, each event once and each stream in order",
          "[eventstore][contract][groups][threads]")
{
    const auto& kind = GENERATE(from_range(every_store()));
    SystemExecutor executor{{.threads = 4}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    auto store = kind.open(runtime);
    const TemporaryDirectory directory;
    DYNAMIC_SECTION(kind.name)
    {
        constexpr Position events = 3'000;
        GroupLedger ledger;
        const auto handler = [&](const std::string& name) {
            return [&ledger, name](const RecordedEvent& event) -> result<void> {
                ledger.handed_over(name, event);
                ledger.acknowledged(event);
                return done();
            };
        };
        const auto groups = ConsumerGroups::open(runtime, *store.store, {.directory = directory.path()});
        REQUIRE(groups);
        const auto group = groups.value()->open_group(
            {.name = "mail", .write_every = 1ms, .batch_events_max = 8, .buffered_events_max = 256});
        REQUIRE(group);
        auto one     = group.value()->join("one", handler("one"));
        auto two     = group.value()->join("two", handler("two"));
        auto pulling = group.value()->join("pulling");
        REQUIRE((one && two && pulling));
        std::atomic<bool> is_finished{false};
        std::thread puller{[&] {
            PullingMember& member = *pulling.value();
            while (not is_finished) {
                auto batch = member.next(system_clock().now() + 5ms);
                if (not batch) return;
                for (const auto& event : batch.value().events) {
                    ledger.handed_over("pulling", event);
                    ledger.acknowledged(event);
                }
                if (not member.acknowledge(batch.value())) return;
            }
            member.leave();
        }};
        std::vector<std::thread> writers;
        for (int writer = 0; writer < 3; ++writer) {
            writers.emplace_back([&, writer] {
                for (Position i = 0; i < events / 3; ++i) {
                    const auto stream = "order-" + std::to_string((i * 7 + static_cast<Position>(writer)) % 29);
                    static_cast<void>(store->append(to(stream, ExpectedVersion::any(), {note_of(runtime, "x")})));
                }
            });
        }
        for (int round = 0; round < 20; ++round) {
            auto guest = group.value()->join("guest", handler("guest"));
            REQUIRE(guest);
            REQUIRE(group.value()->flush());
            if (round == 10) two.value()->leave();
        }
        for (auto& writer : writers) writer.join();
        CHECK(group.value()->wait_for(events, system_clock().now() + 1min));
        is_finished = true;
        executor.wake();
        puller.join();
        CHECK(ledger.broken() == "");
        CHECK(ledger.each_is_handled(events, 1));
        CHECK(group.value()->status().open == 0);
    }
}

TEST_CASE("a handler that hangs beyond its lease loses its streams, and its answer counts no more",
          "[eventstore][groups][threads]")
{
    SystemExecutor executor{{.threads = 3}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    auto store = every_store().front().open(runtime);
    const TemporaryDirectory directory;
    const auto groups = ConsumerGroups::open(runtime, *store.store, {.directory = directory.path()});
    REQUIRE(groups);
    const auto group = groups.value()->open_group({.name = "mail", .lease = 20ms});
    REQUIRE(group);
    std::promise<void> may_go_on;
    std::atomic<int> taken{0};
    auto hanging = group.value()->join("hanging", [&](const RecordedEvent&) -> result<void> {
        ++taken;
        may_go_on.get_future().wait();
        return done();
    });
    REQUIRE(hanging);
    for (int i = 0; i < 3; ++i) {
        REQUIRE(store->append(to("order-1", ExpectedVersion::any(), {note_of(runtime, "x")})));
    }
    REQUIRE(executor.wait_until([&] { return hanging.value()->error().has_value(); }, system_clock().now() + 1min));
    std::vector<Position> handled;
    auto other = group.value()->join("other", [&](const RecordedEvent& event) -> result<void> {
        handled.push_back(event.position);
        return done();
    });
    REQUIRE(other);
    CHECK(group.value()->wait_for(3, system_clock().now() + 1min));
    may_go_on.set_value();
    hanging.value()->leave(); // returns when the handler has
    other.value()->leave();
    CHECK(taken == 1);
    CHECK(hanging.value()->error()->code == "lease-ended");
    CHECK(handled == std::vector<Position>{1, 2, 3});
    CHECK(group.value()->status().checkpoint == 3);
}

} // namespace consumer_groups_threads_test
