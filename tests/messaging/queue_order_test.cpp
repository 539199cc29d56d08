// Which job of a queue is next, and how many may be in work.
#include "support/mailing.hpp"

#include <set>

namespace queue_order_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

TEST_CASE("jobs of a higher priority go first, and each tenth one is the oldest", "[messaging][queues]")
{
    QueueMachine machine;
    BegunJobs begun;
    machine.work({.workers = 1}, begun.work());
    for (int i = 0; i < 3; ++i) machine.enqueue("low", {.priority = 1});
    for (int i = 0; i < 25; ++i) machine.enqueue("high", {.priority = 9});
    machine.start();
    machine.settle();
    REQUIRE(begun.names.size() == 28);
    for (std::size_t i = 0; i < begun.names.size(); ++i) {
        INFO(i);
        const bool is_fair_turn = i % 10 == 9;
        CHECK(begun.names[i] == (is_fair_turn || i >= 27 ? "low" : "high"));
    }
}

TEST_CASE("a job is not begun before its time, nor after it has expired", "[messaging][queues]")
{
    QueueMachine machine;
    BegunJobs begun;
    machine.work({}, begun.work());
    machine.start();
    const Time now   = machine.simulated.now();
    const auto later = machine.enqueue("later", {.not_before = now + 1h});
    const auto dead  = machine.enqueue("dead", {.not_before = now + 2h, .expires = now + 3h});
    const auto dropped =
        machine.enqueue("dropped", {.not_before = now + 2h, .expires = now + 3h, .when_expired = WhenExpired::drop});
    machine.settle();
    CHECK(machine.show(later).why == "not before " + to_string(now + 1h));
    REQUIRE(machine.queues->pause("mail", "maintenance", now + 4h));
    machine.simulated.advance(1h + 1s);
    CHECK(begun.names.empty());
    CHECK(machine.show(later).why == "the queue is paused until " + to_string(now + 4h));
    machine.simulated.advance(4h);
    machine.settle();
    CHECK(begun.names == Words{"later"});
    CHECK(machine.state(dead) == JobState::dead);
    CHECK(machine.show(dead).job.last->code == "job-expired");
    CHECK(machine.state(dropped) == JobState::expired);
}

TEST_CASE("a queue that is paused begins nothing until it is resumed, also after a restart", "[messaging][queues]")
{
    QueueMachine machine;
    BegunJobs begun;
    machine.work({}, begun.work());
    machine.start();
    REQUIRE(machine.queues->pause("mail", "the provider moves"));
    machine.simulated.advance(1s);
    const auto id = machine.enqueue("ada");
    machine.settle();
    CHECK(begun.names.empty());
    machine.close();
    machine.open();
    machine.work({}, begun.work());
    machine.start();
    machine.settle();
    CHECK(begun.names.empty());
    CHECK(machine.show(id).why == "the queue is paused until somebody resumes it");
    REQUIRE(machine.queues->resume("mail", "it has moved"));
    machine.settle();
    CHECK(begun.names == Words{"ada"});
    CHECK(code_of(machine.queues->resume("mail", "again")) == "queue-not-paused");
}

TEST_CASE("jobs of one key go one at a time and in order, also when one of them fails", "[messaging][queues]")
{
    QueueMachine machine;
    Words begun;
    bool is_down = true;
    machine.work({.workers = 8, .in_order_per_key = true, .first_wait = 10s},
                 [&](const std::string& name, JobContext&) -> result<JobDone> {
                     begun.push_back(name);
                     if (name == "a1" && is_down) return provider_is_down();
                     return job_done();
                 });
    std::vector<Uuid> ids;
    for (const auto* name : {"a1", "a2", "b1", "a3", "b2"}) {
        // A higher priority does not pass in front within a key.
        ids.push_back(machine.enqueue(
            name, {.priority = std::string_view{name} == "a3" ? 9U : 5U, .key = std::string(1, name[0])}));
    }
    machine.start();
    machine.settle();
    const auto of_key = [&](char key) {
        Words names;
        std::copy_if(begun.begin(), begun.end(), std::back_inserter(names),
                     [&](const auto& name) { return name[0] == key; });
        return names;
    };
    CHECK(of_key('a') == Words{"a1"});
    CHECK(of_key('b') == Words{"b1", "b2"});
    CHECK(machine.show(ids[1]).why == "the key a is busy with the job " + to_string(ids[0]));
    is_down = false;
    begun.clear();
    machine.simulated.advance(1min);
    machine.settle();
    CHECK(begun == Words{"a1", "a2", "a3"});
}

TEST_CASE("a cancelled job frees its key, and is not begun", "[messaging][queues]")
{
    QueueMachine machine;
    BegunJobs begun;
    machine.work({.workers = 2, .in_order_per_key = true}, begun.work());
    const auto first  = machine.enqueue("a1", {.not_before = machine.simulated.now() + 1h, .key = "a"});
    const auto second = machine.enqueue("a2", {.key = "a"});
    const auto third  = machine.enqueue("a3", {.key = "a"});
    machine.start();
    machine.settle();
    CHECK(begun.names.empty());
    REQUIRE(machine.queues->cancel(second, "not wanted"));
    REQUIRE(machine.queues->cancel(first, "not wanted"));
    machine.settle();
    CHECK(begun.names == Words{"a3"});
    CHECK(machine.state(first) == JobState::cancelled);
    CHECK(code_of(machine.queues->cancel(third, "too late")) == "job-ended");
}

TEST_CASE("no more jobs begin in a second than the rate of the queue, and of a key", "[messaging][queues]")
{
    QueueMachine machine;
    std::map<std::string, std::vector<Time>> begun;
    machine.work({.workers = 8, .per_second = 10, .per_second_per_key = 2},
                 [&](const std::string& name, JobContext&) -> result<JobDone> {
                     begun[name].push_back(machine.simulated.now());
                     return job_done();
                 });
    for (int i = 0; i < 8; ++i) machine.enqueue("a", {.key = "a"});
    for (int i = 0; i < 40; ++i) machine.enqueue("free");
    machine.start();
    machine.simulated.advance(1min);
    machine.settle();
    const auto at_most = [](const std::vector<Time>& times, std::size_t most) {
        for (std::size_t i = most; i < times.size(); ++i) {
            if (times[i] - times[i - most] < 1s) return false;
        }
        return true;
    };
    CHECK(begun["a"].size() == 8);
    CHECK(begun["free"].size() == 40);
    CHECK(at_most(begun["a"], 2));
    auto all = begun["a"];
    all.insert(all.end(), begun["free"].begin(), begun["free"].end());
    std::sort(all.begin(), all.end());
    CHECK(at_most(all, 10));
    CHECK(begun["a"].back() - begun["a"].front() < 10s);
}

TEST_CASE("no more jobs of a key are in work than it may have, and those that wait come in turn", "[messaging][queues]")
{
    QueueMachine machine;
    std::map<std::string, int> in_work;
    std::map<std::string, int> most;
    Words begun;
    machine.work({.workers = 8, .at_once_per_key = 2}, [&](const std::string& name, JobContext&) -> result<JobDone> {
        const std::string key(1, name[0]);
        begun.push_back(name);
        most[key] = std::max(most[key], ++in_work[key]);
        machine.simulated.run_until_idle(); // the others begin meanwhile
        --in_work[key];
        return job_done();
    });
    for (int i = 0; i < 12; ++i) machine.enqueue("a" + std::to_string(i), {.key = "a"});
    for (int i = 0; i < 3; ++i) machine.enqueue("b" + std::to_string(i), {.key = "b"});
    machine.start();
    machine.settle();
    CHECK(begun.size() == 15);
    CHECK(most == std::map<std::string, int>{{"a", 2}, {"b", 2}});
}

TEST_CASE("many more jobs than memory holds are worked on by priority, and each once", "[messaging][queues]")
{
    QueueMachine machine;
    std::vector<std::pair<unsigned, std::uint64_t>> begun; // priority, and its number within it
    std::set<std::string> names;
    machine.work({.workers = 1}, [&](const std::string& name, JobContext&) -> result<JobDone> {
        names.insert(name);
        begun.emplace_back(static_cast<unsigned>(name[0] - '0'), std::stoull(name.substr(2)));
        return job_done();
    });
    constexpr std::uint64_t of_each = 3'000;
    for (std::uint64_t i = 0; i < of_each; ++i) {
        for (const unsigned priority : {2U, 7U}) {
            machine.queues->enqueue<Mailing>(SendMail{std::to_string(priority) + "-" + std::to_string(i), "x"},
                                             {.priority = priority}, [](const result<EnqueuedJob>&) {});
        }
    }
    machine.start();
    machine.settle();
    REQUIRE(names.size() == 2 * of_each);
    REQUIRE(begun.size() == 2 * of_each);
    // Within a priority in their order; and all but each tenth of the higher one first.
    std::map<unsigned, std::uint64_t> next;
    std::size_t early = 0;
    for (const auto& [priority, number] : begun) {
        REQUIRE(number == next[priority]++);
        if (priority == 2 && next[7] < of_each) ++early;
    }
    CHECK(early <= of_each / 8);
    CHECK(early > 0);
}

} // namespace queue_order_test
