// Subscriptions on real threads: the executor's, those of the subscriptions, and the callers'.
#include "support/subscribing.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace subscription_threads_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

// Lets those that wait pass when it is opened.
class Gate {
public:
    void wait()
    {
        std::unique_lock lock{mutex_};
        opened_.wait(lock, [this] { return is_open_; });
    }
    void open()
    {
        {
            const std::lock_guard lock{mutex_};
            is_open_ = true;
        }
        opened_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool is_open_ = false;
};

struct RealMachine {
    TemporaryDirectory directory;
    SystemExecutor executor{{.threads = 1}}; // what blocks it would block everything
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    StoreUnderTest store = every_store().front().open(runtime);
    CommandBus commands{runtime, *store.store};
    EventBus bus{runtime, *store.store};
    Queues queues{runtime, *store.store, commands, bus, directory.path() + "/queues"};
    Subscriptions subscriptions{runtime, *store.store, commands, bus, queues};

    bool place(const std::string& customer)
    {
        NewEvent placed = encoded<OrderTaken>(OrderPlaced{customer, 1});
        placed.id       = runtime.ids.next();
        return store->append(to("ordering-" + customer, ExpectedVersion::any(), {placed})).has_value();
    }
};

TEST_CASE("a handler that blocks holds up no other subscription, and no thread that others need",
          "[messaging][subscriptions]")
{
    Gate gate;
    RealMachine machine;
    std::atomic<int> quick{0};
    std::atomic<int> slow{0};
    for (const char* name : {"slow", "slower", "slowest"}) {
        machine.subscriptions.add<at_least_once>({.name = name},
                                                 hearing<OrderTaken>([&](const OrderPlaced&) -> result<void> {
                                                     gate.wait();
                                                     ++slow;
                                                     return done();
                                                 }));
    }
    machine.subscriptions.add<at_least_once>({.name = "quick"},
                                             hearing<OrderTaken>([&](const OrderPlaced&) -> result<void> {
                                                 ++quick;
                                                 return done();
                                             }));
    REQUIRE(machine.subscriptions.start());
    for (int i = 0; i < 100; ++i) REQUIRE(machine.place(std::to_string(i)));
    const auto soon = machine.runtime.clock.now() + 60s;
    CHECK(machine.executor.wait_until([&] { return quick == 100; }, soon));
    CHECK(slow == 0);
    // Who asks is answered, too, and a pause is taken note of.
    REQUIRE(machine.subscriptions.pause("slow", "it is slow"));
    REQUIRE(machine.subscriptions.resume("slow", "it may go on"));
    gate.open();
    CHECK(machine.subscriptions.settle(soon));
    CHECK(slow == 300);
}

TEST_CASE("on real threads each of many effects is there once", "[messaging][subscriptions]")
{
    constexpr int events = 400;
    RealMachine machine;
    std::atomic<int> failed{0};
    std::atomic<int> lost{0};
    machine.subscriptions.add<exactly_once>(
        {.name = "points", .first_wait = 1ms, .at_once = 16},
        hearing<OrderTaken>([&](const OrderPlaced& event, const Heard& heard) -> result<Effects> {
            if (event.customer.ends_with("7") && heard.attempt == 1 && ++failed > 0) return provider_is_down();
            return effects().append(id<Counter>{event.customer}, ExpectedVersion::no_stream(), Added{1});
        }));
    REQUIRE(machine.subscriptions.start());
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; ++caller) {
        callers.emplace_back([&, caller] {
            for (int i = 0; i < events / 4; ++i) {
                if (not machine.place(std::to_string(caller) + "x" + std::to_string(i))) ++lost;
            }
        });
    }
    for (auto& caller : callers) caller.join();
    CHECK(lost == 0);
    const auto soon    = machine.runtime.clock.now() + 60s;
    const auto handled = [&] {
        const auto status = machine.subscriptions.status("points");
        return status && (status.value().lag == 0 || status.value().state == SubscriptionState::stopped);
    };
    CHECK(machine.executor.wait_until(handled, soon));
    machine.subscriptions.stop();
    CHECK(read_all(*machine.store.store, {.scope = Scope::category("counter")}).size() == events);
    CHECK(failed > 0);
}

} // namespace subscription_threads_test
