#include "support/every_store.hpp"
#include "support/travel.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <map>
#include <thread>
#include <vector>

namespace sagas_threads_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

TEST_CASE("whoever asks sagas from other threads may do so while they start and stop", "[sagas][threads]")
{
    SystemExecutor executor{{.threads = 2}};
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    const auto store = open_memory_store(runtime);
    const TemporaryDirectory directory;
    CommandBus commands{runtime, *store};
    EventBus bus{runtime, *store};
    Card card;
    Sagas sagas{runtime, *store, commands, bus, directory.path() + "/sagas"};
    add_booking(sagas, card);
    for (int trip = 0; trip < 20; ++trip) REQUIRE(commands.send(id<Trip>{std::to_string(trip)}, Book{}));

    std::atomic<bool> over{false};
    std::atomic<int> asked{0};
    std::vector<std::thread> askers;
    for (int i = 0; i < 3; ++i) {
        askers.emplace_back([&] {
            while (not over) {
                static_cast<void>(sagas.error());
                static_cast<void>(sagas.settle(system_clock().now()));
                static_cast<void>(sagas.finish(system_clock().now()));
                static_cast<void>(sagas.count());
                static_cast<void>(sagas.find("booking", "1"));
                ++asked;
            }
        });
    }
    bool started = true;
    for (int i = 0; i < 50; ++i) {
        started = started && sagas.start();
        for (const int before = asked; asked == before;) std::this_thread::yield();
        sagas.stop();
    }
    over = true;
    for (auto& asker : askers) asker.join();
    CHECK(started);
    REQUIRE(sagas.start());
    CHECK(sagas.finish(system_clock().now() + 5min));
    CHECK(sagas.count().value() == std::map<SagaStatus, std::uint64_t>{{SagaStatus::completed, 20}});
    CHECK_FALSE(sagas.error());
}

} // namespace sagas_threads_test
