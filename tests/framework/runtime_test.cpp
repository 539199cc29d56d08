#include <eventloom/framework/runtime.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <set>
#include <thread>
#include <vector>

namespace runtime_test {

using namespace eventloom;
using namespace std::chrono_literals;

TEST_CASE("a seed is a schedule: the same seed runs tasks in the same order", "[framework][runtime]")
{
    const auto order_of = [](std::uint64_t seed) {
        SimulatedExecutor executor{seed};
        std::vector<int> order;
        for (int i = 0; i < 20; ++i) executor.post([&order, i] { order.push_back(i); });
        executor.run_until_idle();
        return order;
    };
    CHECK(order_of(7) == order_of(7));
    CHECK(order_of(7) != order_of(8));
}

TEST_CASE("virtual time moves only when asked, and timers fire at their time", "[framework][runtime]")
{
    SimulatedExecutor executor{1};
    const Time start = executor.now();
    std::vector<Time> fired;
    executor.post_at(start + 2s, [&] { fired.push_back(executor.now()); });
    executor.post_at(start + 1s, [&] {
        fired.push_back(executor.now());
        executor.post_at(executor.now() + 500ms, [&] { fired.push_back(executor.now()); });
    });
    executor.run_until_idle();
    CHECK(fired.empty());
    executor.advance(10s);
    CHECK(fired == std::vector<Time>{start + 1s, start + 1500ms, start + 2s});
    CHECK(executor.now() == start + 10s);
}

TEST_CASE("waiting on one thread runs what is waited for", "[framework][runtime]")
{
    SimulatedExecutor executor{1};
    bool done = false;
    executor.post_at(executor.now() + 1h, [&] { done = true; });
    CHECK(executor.wait_until([&] { return done; }, executor.now() + 2h));
    CHECK_FALSE(executor.wait_until([] { return false; }, executor.now() + 1s));
}

TEST_CASE("a strand keeps its tasks in order on many threads", "[framework][runtime][threads]")
{
    std::vector<int> order;
    std::atomic<int> done{0};
    {
        SystemExecutor executor{{.threads = 4}};
        const Strand strand{executor};
        for (int i = 0; i < 1000; ++i) {
            strand.post([&, i] {
                order.push_back(i);
                ++done;
            });
        }
        CHECK(executor.wait_until([&] { return done == 1000; }, system_clock().now() + 1min));
    }
    for (int i = 0; i < 1000; ++i) REQUIRE(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("a caller who waits is woken by a task, and by wake", "[framework][runtime][threads]")
{
    SystemExecutor executor{{.threads = 1}};
    std::atomic<bool> done{false};
    executor.post_at(system_clock().now() + 1ms, [&] { done = true; });
    CHECK(executor.wait_until([&] { return done.load(); }, system_clock().now() + 1min));
    done = false;
    std::thread other{[&] {
        done = true;
        executor.wake();
    }};
    CHECK(executor.wait_until([&] { return done.load(); }, system_clock().now() + 1min));
    other.join();
}

TEST_CASE("ids are unique, ordered, and of the same words the same", "[framework][uuid]")
{
    Uuid last = system_ids().next();
    for (int i = 0; i < 10'000; ++i) {
        const Uuid next = system_ids().next();
        REQUIRE(last < next);
        last = next;
    }
    CHECK(to_string(last)[14] == '7');
    CHECK(parse_uuid(to_string(last)) == last);
    CHECK_FALSE(parse_uuid("0192f0c1-7b1a-7c3e-9f00-1b2c3d4e5f6"));
    CHECK_FALSE(parse_uuid("0192f0c1x7b1a-7c3e-9f00-1b2c3d4e5f60"));
    CHECK(derived_uuid({"a", "bc"}) == derived_uuid({"a", "bc"}));
    CHECK(derived_uuid({"a", "bc"}) != derived_uuid({"ab", "c"}));
    CHECK(to_string(derived_uuid({"x"}))[14] == '8');
}

TEST_CASE("ids ascend and are of their version, whatever the clock says", "[framework][uuid][clock]")
{
    SimulatedExecutor simulated{1};
    Uuid before{};
    using std::chrono::days;
    for (const Duration since_1970 : {Duration{days{-30'000}}, Duration{-1}, Duration{0}, Duration{days{20'000}},
                                      Duration{days{49'711}}, Duration{days{-7}}, Duration{days{100'000'000}}}) {
        simulated.set_clock(Time{since_1970});
        for (int i = 0; i < 10'000; ++i) { // more than the counter of one millisecond
            const Uuid id = simulated.next();
            REQUIRE(before < id);
            REQUIRE((id.bytes[6] & 0xf0) == 0x70);
            before = id;
        }
    }
}

TEST_CASE("a clock that is set moves no timer", "[framework][runtime][clock]")
{
    SimulatedExecutor simulated{1};
    const Time began = simulated.now();
    int fired        = 0;
    simulated.post_at(began + std::chrono::hours{1}, [&] { ++fired; });
    simulated.set_clock(began + std::chrono::days{30'000});
    simulated.post_at(simulated.now() + std::chrono::hours{2}, [&] { ++fired; });
    simulated.set_clock(began - std::chrono::days{30'000});
    simulated.advance(std::chrono::minutes{59});
    CHECK(fired == 0);
    simulated.advance(std::chrono::minutes{2});
    CHECK(fired == 1);
    CHECK(simulated.wait_until([&] { return fired == 2; }, simulated.now() + std::chrono::hours{1}));
    CHECK(simulated.now() == began - std::chrono::days{30'000} + std::chrono::hours{2});
}

TEST_CASE("an executor on one thread gives itself for work that may block", "[framework][runtime]")
{
    SimulatedExecutor simulated{1};
    int ran   = 0;
    auto gift = simulated.own_threads(3);
    gift->post([&] { ++ran; });
    gift->post_at(simulated.now() + 1s, [&] { ++ran; });
    CHECK(ran == 0);
    CHECK(gift->wait_until([&] { return ran == 1; }, simulated.now()));
    gift.reset(); // ends nothing
    simulated.advance(1s);
    CHECK(ran == 2);
}

TEST_CASE("work that blocks on threads of its own does not hold those of the executor", "[framework][runtime][threads]")
{
    std::promise<void> open_the_gate;
    const auto gate = open_the_gate.get_future().share();
    std::atomic<int> inside{0};
    std::atomic<int> left{0};
    SystemExecutor executor{{.threads = 1}};
    auto own = executor.own_threads(2);
    for (int i = 0; i < 2; ++i) {
        own->post([&] {
            ++inside;
            executor.wake();
            gate.wait();
            ++left;
        });
    }
    CHECK(executor.wait_until([&] { return inside == 2; }, Time::max()));
    executor.post([&] { open_the_gate.set_value(); });
    own.reset(); // waits for what runs there
    CHECK(left == 2);
}

} // namespace runtime_test
