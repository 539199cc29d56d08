// Queues on real threads: the workers of a queue, those of the executor and those of the caller, at the same time.
#include "support/mailing.hpp"

#include <atomic>
#include <set>
#include <thread>

namespace queue_threads_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

TEST_CASE("on real threads each of many jobs is completed once, and those of a key one at a time",
          "[messaging][queues]")
{
    constexpr int callers = 4;
    constexpr int of_each = 250;
    const TemporaryDirectory directory;
    SystemExecutor executor;
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    auto store = every_store().front().open(runtime);
    CommandBus commands{runtime, *store.store};
    EventBus bus{runtime, *store.store};
    std::mutex mutex; // over what follows
    std::map<std::string, int> in_work;
    std::map<std::string, int> begun;
    int most_of_a_key = 0;
    {
        Queues queues{runtime, *store.store, commands, bus, directory.path() + "/queues"};
        queues.add<Mailing>(
            {.workers = 8, .in_order_per_key = true, .first_wait = 1ms},
            [&](const SendMail& mail, JobContext& job) -> result<JobDone> {
                {
                    const std::lock_guard lock{mutex};
                    ++begun[mail.subject];
                    most_of_a_key = std::max(most_of_a_key, ++in_work[mail.to]);
                }
                std::this_thread::yield();
                {
                    const std::lock_guard lock{mutex};
                    --in_work[mail.to];
                }
                if (job.attempt() == 1 && mail.subject.ends_with("7")) return provider_is_down();
                return job_done().append(id<Counter>{mail.subject}, ExpectedVersion::no_stream(), Added{1});
            },
            [](const WriteStatement&) -> result<void> { return done(); });
        REQUIRE(queues.start());
        std::atomic<int> failed{0};
        std::vector<std::thread> threads;
        for (int caller = 0; caller < callers; ++caller) {
            threads.emplace_back([&, caller] {
                for (int i = 0; i < of_each; ++i) {
                    const auto enqueued = queues.enqueue<Mailing>(
                        SendMail{"key" + std::to_string(i % 5), std::to_string(caller) + "x" + std::to_string(i)},
                        {.key = "key" + std::to_string(i % 5)});
                    if (not enqueued) ++failed;
                }
            });
        }
        for (auto& thread : threads) thread.join();
        CHECK(failed == 0);
        const auto completed = [&] {
            const auto counted = queues.list_queues();
            if (not counted) return false;
            const auto found = counted.value().at(0).jobs.find(JobState::completed);
            return found != counted.value().at(0).jobs.end() && found->second == callers * of_each;
        };
        CHECK(executor.wait_until([&] { return queues.error() || completed(); }, runtime.clock.now() + 60s));
        CHECK_FALSE(queues.error());
    }
    CHECK(most_of_a_key == 1);
    CHECK(begun.size() == callers * of_each);
    CHECK(read_all(*store.store, {.scope = Scope::category("counter")}).size() == callers * of_each);
}

} // namespace queue_threads_test
