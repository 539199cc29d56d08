// What a person may do with queues and jobs, beside what queues_test.cpp has: promote a job, and limit a queue.
#include "support/counting_store.hpp"
#include "support/mailing.hpp"

namespace steering_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

TEST_CASE("a job that waits for a time is promoted, and waits no more", "[messaging][queues]")
{
    QueueMachine machine;
    int calls = 0;
    machine.work({.first_wait = 1h}, [&](const std::string& name, JobContext&) -> result<JobDone> {
        if (name == "fails" && ++calls == 1) return provider_is_down();
        return job_done();
    });
    machine.start();
    const auto later = machine.enqueue("later", {.not_before = machine.simulated.now() + 24h});
    const auto fails = machine.enqueue("fails");
    machine.settle();
    CHECK(machine.state(later) == JobState::scheduled);
    CHECK(machine.state(fails) == JobState::scheduled);
    REQUIRE(machine.queues->promote(later, "the customer waits"));
    REQUIRE(machine.queues->promote(fails, "the provider is back"));
    machine.settle();
    CHECK(machine.state(later) == JobState::completed);
    CHECK(machine.state(fails) == JobState::completed);
    CHECK(machine.show(fails).job.attempts == 1);
    CHECK(machine.history(later) == Words{"enqueued", "promoted", "completed"});
    CHECK(code_of(machine.queues->promote(later, "again")) == "job-not-scheduled");
    CHECK(code_of(machine.queues->promote(Uuid{}, "")) == "no-such-job");
}

TEST_CASE("a queue is limited until it is limited otherwise, also after a restart", "[messaging][queues]")
{
    QueueMachine machine;
    std::vector<Time> begun;
    const auto begin = [&] {
        machine.work({.workers = 4}, [&](const std::string&, JobContext&) -> result<JobDone> {
            begun.push_back(machine.simulated.now());
            return job_done();
        });
        machine.start();
    };
    begin();
    REQUIRE(machine.queues->limit("mail", {.per_second = 1}, "the provider is slow today"));
    machine.simulated.advance(1s);
    for (int i = 0; i < 3; ++i) machine.enqueue("ada");
    machine.simulated.advance(500ms);
    CHECK(begun.size() == 1);
    CHECK(machine.queues->list_queues().value().at(0).limits.per_second == 1.0);
    machine.close();
    machine.open();
    begin();
    machine.simulated.advance(10s);
    REQUIRE(begun.size() == 3);
    CHECK(begun[2] - begun[1] >= 1s);

    REQUIRE(machine.queues->limit("mail", {}, "it is fast again"));
    machine.simulated.advance(1s);
    for (int i = 0; i < 3; ++i) machine.enqueue("ada");
    machine.simulated.advance(100ms);
    CHECK(begun.size() == 6);
    CHECK(machine.queues->list_queues().value().at(0).limits == QueueLimits{});
    CHECK(code_of(machine.queues->limit("mail", {.workers = 5}, "")) == "limit-above-workers");
    CHECK(code_of(machine.queues->limit("mail", {.per_second = -1}, "")) == "invalid-limit");
    // Limits do not hide that a queue is paused.
    REQUIRE(machine.queues->pause("mail", "moves"));
    REQUIRE(machine.queues->limit("mail", {.workers = 1}, "small"));
    CHECK(machine.queues->resume("mail", "moved"));
}

// The same queue in the hands of another, who does something right before he records what he has decided.
struct AnotherHand {
    explicit AnotherHand(QueueMachine& of)
        : between{*of.store.store},
          queues{of.runtime, between, *of.commands, *of.bus, of.directory.path() + "/queues-of-another"}
    {
        queues.add<Mailing>(
            QueueOptions{.workers = 4}, [](const SendMail&) -> result<void> { return done(); },
            [](const WriteStatement&) -> result<void> { return done(); });
    }
    void is_late(std::function<void()> meanwhile)
    {
        once                  = std::move(meanwhile);
        between.before_append = [this] {
            if (const auto act = std::exchange(once, nullptr)) act();
        };
    }
    std::function<void()> once;
    CountingStore between;
    Queues queues;
};

TEST_CASE(
    "of two who limit a queue at the same time neither loses a limit, and who comes too late to resume it is told",
    "[messaging][queues]")
{
    QueueMachine machine;
    machine.work({.workers = 4}, [](const std::string&, JobContext&) -> result<JobDone> { return job_done(); });
    REQUIRE(machine.queues->open());
    AnotherHand late{machine};
    late.is_late([&] { REQUIRE(machine.queues->limit("mail", {.per_second = 1}, "the provider is slow today")); });
    const auto limited = late.queues.limit("mail", {.workers = 2}, "small");
    REQUIRE(limited);
    CHECK(limited.value() == QueueLimits{2, 1.0});
    REQUIRE(machine.queues->open()); // it hears of it
    CHECK(machine.queues->list_queues().value().at(0).limits == QueueLimits{2, 1.0});

    REQUIRE(machine.queues->pause("mail", "moves"));
    late.is_late([&] { REQUIRE(machine.queues->resume("mail", "moved")); });
    CHECK(code_of(late.queues.resume("mail", "moved")) == "queue-not-paused");
}

// A queue of one worker has jobs one after the other, in their order.
TEST_CASE("with its workers limited to one a queue works on one job at a time", "[messaging][queues]")
{
    QueueMachine machine;
    Words begun;
    machine.work({.workers = 4}, [&](const std::string& name, JobContext&) -> result<JobDone> {
        begun.push_back(name);
        return job_done();
    });
    REQUIRE(machine.queues->open());
    for (int i = 0; i < 8; ++i) machine.enqueue(std::to_string(i));
    REQUIRE(machine.queues->limit("mail", {.workers = 1}, "small"));
    machine.start();
    machine.settle();
    CHECK(begun == Words{"0", "1", "2", "3", "4", "5", "6", "7"});
}

} // namespace steering_test
