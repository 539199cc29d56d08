#include "support/mailing.hpp"

#include <eventloom/framework/stream_limits.hpp>

#include <set>

namespace queues_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

// Notes in which order jobs were begun.
struct Begun {
    Words names;
    auto work()
    {
        return [this](const std::string& name, JobContext&) -> result<JobDone> {
            names.push_back(name);
            return job_done("sent to " + name);
        };
    }
};

TEST_CASE("a job that is enqueued is worked on once, and completed with its result", "[messaging][queues]")
{
    for (const auto& kind : every_store()) {
        INFO(kind.name);
        QueueMachine machine{kind};
        Begun begun;
        machine.work({}, begun.work());
        machine.start();
        const auto id = machine.enqueue("ada", {.labels = {"welcome"}});
        machine.settle();
        CHECK(begun.names == Words{"ada"});
        const auto shown = machine.show(id);
        CHECK(shown.job.state == JobState::completed);
        CHECK(shown.result == "sent to ada");
        CHECK(shown.data_json == R"({"to": "ada","subject": "x"})");
        CHECK(shown.labels == Words{"welcome"});
        CHECK(machine.history(id) == Words{"enqueued", "completed"});
    }
}

TEST_CASE("jobs that were enqueued before the queues start are worked on when they do", "[messaging][queues]")
{
    QueueMachine machine;
    Begun begun;
    machine.work({.workers = 1}, begun.work());
    machine.enqueue("ada");
    machine.enqueue("bob");
    machine.start();
    machine.settle();
    CHECK(begun.names == Words{"ada", "bob"});
}

TEST_CASE("a thousand jobs are enqueued without waiting, and each is worked on once", "[messaging][queues]")
{
    QueueMachine machine;
    Begun begun;
    machine.work({.workers = 8}, begun.work());
    machine.start();
    std::size_t acknowledged = 0;
    for (int i = 0; i < 1'000; ++i) {
        machine.queues->enqueue<Mailing>(SendMail{std::to_string(i), "x"}, {}, [&](result<EnqueuedJob> enqueued) {
            if (enqueued) ++acknowledged;
        });
    }
    machine.settle();
    CHECK(acknowledged == 1'000);
    CHECK(begun.names.size() == 1'000);
    CHECK(std::set<std::string>(begun.names.begin(), begun.names.end()).size() == 1'000);
}

TEST_CASE("a job that is enqueued again with its id is the same job", "[messaging][queues]")
{
    QueueMachine machine;
    Begun begun;
    machine.work({}, begun.work());
    machine.start();
    const auto id = derived_uuid({"mail", "ada"});
    machine.enqueue("ada", {.id = id});
    machine.settle();
    const auto again = machine.queues->enqueue<Mailing>(SendMail{"ada", "x"}, {.id = id});
    REQUIRE(again);
    CHECK(again.value().stood_before);
    machine.settle();
    CHECK(begun.names == Words{"ada"});
    CHECK(code_of(machine.queues->enqueue<Mailing>(SendMail{"bob", "x"}, {.id = id})) == "event-with-other-content");
}

TEST_CASE("a job beside a command is there with its events, or not at all", "[messaging][queues]")
{
    QueueMachine machine;
    Begun begun;
    machine.work({}, begun.work());
    machine.start();
    const id<Counter> counter{"one"};
    const auto command_id = machine.simulated.next();
    const auto sent = machine.queues->send<Mailing>(counter, Add{3}, {.command_id = command_id}, SendMail{"ada", "x"});
    REQUIRE(sent);
    CHECK(sent.value().events == 1);
    machine.settle();
    CHECK(begun.names == Words{"ada"});

    // It acts once, and so does the job.
    const auto again = machine.queues->send<Mailing>(counter, Add{3}, {.command_id = command_id}, SendMail{"ada", "x"});
    REQUIRE(again);
    CHECK(again.value().repeated);
    // Of what is refused nothing is there.
    CHECK(code_of(machine.queues->send<Mailing>(counter, Add{-1}, {}, SendMail{"bob", "x"})) == "not-positive");
    machine.settle();
    CHECK(begun.names == Words{"ada"});
    CHECK(read_all(*machine.store.store, {.scope = Scope::category("job")}).size() == 2);
    CHECK(code_of(machine.queues->send<Mailing>(counter, Add{1}, {}, SendMail{"bob", "x"},
                                                {.unique = UniqueJob{"bob"}})) == "unique-job-beside-command");
}

TEST_CASE("a fault is tried again after a wait that doubles, until the attempts are used up", "[messaging][queues]")
{
    QueueMachine machine;
    std::vector<Time> begun;
    machine.work({.attempts = 4, .first_wait = 8s, .longest_wait = 20s},
                 [&](const std::string&, JobContext& job) -> result<JobDone> {
                     begun.push_back(machine.simulated.now());
                     CHECK(job.attempt() == begun.size());
                     return provider_is_down();
                 });
    machine.start();
    const auto id = machine.enqueue("ada");
    machine.settle();
    CHECK(machine.state(id) == JobState::scheduled);
    CHECK(
        machine.show(id).why.starts_with("attempt 1 failed (provider-down: The provider does not answer.); the next"));
    machine.simulated.advance(1h);
    machine.settle();
    REQUIRE(begun.size() == 4);
    const std::vector<Duration> waits{8s, 16s, 20s};
    for (std::size_t i = 0; i < waits.size(); ++i) {
        CHECK(begun[i + 1] - begun[i] <= waits[i]);
        CHECK(begun[i + 1] - begun[i] >= waits[i] * 3 / 4);
    }
    const auto shown = machine.show(id);
    CHECK(shown.job.state == JobState::dead);
    CHECK(shown.job.attempts == 4);
    CHECK(shown.job.last->code == "provider-down");
}

TEST_CASE("what a handler refuses is a dead letter at once, and what it throws is tried again", "[messaging][queues]")
{
    QueueMachine machine;
    int thrown = 0;
    machine.work({.first_wait = 1s}, [&](const std::string& name, JobContext&) -> result<JobDone> {
        if (name == "nobody") return refuse("no-such-person", "Nobody is called so.");
        if (++thrown == 1) throw std::runtime_error{"oops"};
        return job_done();
    });
    machine.start();
    const auto refused = machine.enqueue("nobody");
    const auto thrower = machine.enqueue("ada");
    machine.settle();
    CHECK(machine.state(refused) == JobState::dead);
    CHECK(machine.show(refused).job.last->code == "no-such-person");
    CHECK(machine.state(thrower) == JobState::scheduled);
    CHECK(machine.show(thrower).job.last->code == "exception-in-user-code");
    machine.simulated.advance(2s);
    machine.settle();
    CHECK(machine.state(thrower) == JobState::completed);
}

TEST_CASE("again at a time, and given back untouched, are no failed attempts", "[messaging][queues]")
{
    QueueMachine machine;
    int calls          = 0;
    const Time evening = machine.simulated.now() + 8h;
    machine.work({}, [&](const std::string&, JobContext& job) -> result<JobDone> {
        CHECK(job.attempt() == 1);
        if (++calls == 1) return job_again_at(evening);
        if (calls == 2) return job_given_back();
        return job_done();
    });
    machine.start();
    const auto id = machine.enqueue("ada");
    machine.settle();
    CHECK(machine.state(id) == JobState::scheduled);
    CHECK(machine.show(id).job.due == evening);
    machine.simulated.advance(7h);
    CHECK(calls == 1);
    machine.simulated.advance(2h);
    machine.settle();
    CHECK(calls == 3);
    CHECK(machine.state(id) == JobState::completed);
    CHECK(machine.history(id) == Words{"enqueued", "postponed", "completed"});
}

TEST_CASE("events and further jobs of a handler are one append with the end of its job", "[messaging][queues]")
{
    QueueMachine machine;
    Words begun;
    int calls = 0;
    machine.work({.first_wait = 1s}, [&](const std::string& name, JobContext&) -> result<JobDone> {
        begun.push_back(name);
        if (name != "first") return job_done();
        ++calls;
        // The counter is not where the first attempt believes it to be.
        const auto expected = calls == 1 ? ExpectedVersion::exactly(7) : ExpectedVersion::no_stream();
        return job_done().append(id<Counter>{"one"}, expected, Added{5}).enqueue<Mailing>(SendMail{"second", "x"});
    });
    machine.start();
    const auto id = machine.enqueue("first");
    machine.settle();
    CHECK(machine.show(id).job.last->code == "wrong-expected-version");
    CHECK(begun == Words{"first"});
    machine.simulated.advance(2s);
    machine.settle();
    CHECK(begun == Words{"first", "first", "second"});
    CHECK(machine.state(id) == JobState::completed);
    const auto counted = read_all(*machine.store.store, {.scope = Scope::stream("counter-one")});
    REQUIRE(counted.size() == 1);
    const auto job = read_all(*machine.store.store, {.scope = Scope::stream("job-" + to_string(id))});
    CHECK(counted[0].metadata.causation == job[0].id);
    CHECK(counted[0].metadata.correlation == job[0].metadata.correlation);
}

TEST_CASE("jobs of a higher priority go first, and each tenth one is the oldest", "[messaging][queues]")
{
    QueueMachine machine;
    Begun begun;
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
    Begun begun;
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
    Begun begun;
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

TEST_CASE("a unique job stands until it has ended, or for its period, and is named", "[messaging][queues]")
{
    for (const auto& kind : every_store()) {
        INFO(kind.name);
        QueueMachine machine{kind};
        Begun begun;
        machine.work({}, begun.work());
        const auto ask = [&](std::chrono::milliseconds period) {
            const auto enqueued =
                machine.queues->enqueue<Mailing>(SendMail{"ada", "x"}, {.unique = UniqueJob{"ada", period}});
            REQUIRE(enqueued);
            return enqueued.value();
        };
        const auto first = ask(0ms);
        CHECK_FALSE(first.stood_before);
        CHECK(ask(0ms).stood_before);
        CHECK(ask(0ms).id == first.id);
        machine.start();
        machine.settle();
        CHECK(ask(1h).id == first.id); // it was enqueued less than an hour ago
        const auto second = ask(0ms);
        CHECK_FALSE(second.stood_before);
        machine.settle();
        machine.simulated.advance(2h);
        CHECK_FALSE(ask(1h).stood_before);
        machine.settle();
        CHECK(begun.names.size() == 3);
    }
}

TEST_CASE("of unique jobs that are enqueued at the same time one is there", "[messaging][queues]")
{
    for (const auto& kind : every_store()) {
        INFO(kind.name);
        QueueMachine machine{kind};
        machine.work({}, [](const std::string&, JobContext&) -> result<JobDone> { return job_done(); });
        machine.start();
        std::set<Uuid> ids;
        int stood = 0;
        for (int i = 0; i < 50; ++i) {
            machine.queues->enqueue<Mailing>(SendMail{"ada", "x"},
                                             {.not_before = machine.simulated.now() + 1h, .unique = UniqueJob{"ada"}},
                                             [&](const result<EnqueuedJob>& enqueued) {
                                                 REQUIRE(enqueued);
                                                 ids.insert(enqueued.value().id);
                                                 if (enqueued.value().stood_before) ++stood;
                                             });
        }
        machine.simulated.run_until_idle();
        CHECK(ids.size() == 1);
        CHECK(stood == 49);
        CHECK(read_all(*machine.store.store, {.scope = Scope::category("job")}).size() == 1);
    }
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
    Begun begun;
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

TEST_CASE("a job that was cancelled while it was worked on cannot be completed, and what it answers is not there",
          "[messaging][queues]")
{
    // Also when the queues have not heard of it: then the log alone refuses.
    const bool hears = GENERATE(true, false);
    for (const auto& kind : every_store()) {
        INFO(kind.name << ", hears " << hears);
        QueueMachine machine{kind};
        const Uuid id          = derived_uuid({"ada"});
        bool was_asked_to_stop = false;
        machine.work({}, [&](const std::string&, JobContext& job) -> result<JobDone> {
            // By somebody at another engine of queues on the same log.
            Queues others{machine.runtime, *machine.store.store, *machine.commands, *machine.bus, "not opened"};
            REQUIRE(others.cancel(id, "not wanted any more"));
            if (hears) machine.simulated.run_until_idle();
            was_asked_to_stop = job.stop().stop_requested();
            return job_done("too late").append(eventloom::id<Counter>{"one"}, ExpectedVersion::any(), Added{5});
        });
        machine.start();
        machine.enqueue("ada", {.id = id});
        machine.settle();
        CHECK(was_asked_to_stop == hears);
        CHECK(machine.state(id) == JobState::cancelled);
        CHECK(machine.history(id) == Words{"enqueued", "cancelled"});
        CHECK(read_all(*machine.store.store, {.scope = Scope::stream("counter-one")}).empty());
    }
}

TEST_CASE("a job whose stream was deleted or has ended is left alone, and others go on", "[messaging][queues]")
{
    QueueMachine machine;
    std::map<std::string, int> begun;
    machine.work({}, [&](const std::string& name, JobContext& job) -> result<JobDone> {
        ++begun[name];
        if (name == "ends")
            REQUIRE(tombstone_stream(*machine.store.store, machine.simulated, "job-" + to_string(job.id())));
        return job_done();
    });
    const auto deleted = machine.enqueue("deleted");
    REQUIRE(delete_stream(*machine.store.store, machine.simulated, "job-" + to_string(deleted)));
    machine.enqueue("ends");
    machine.enqueue("ada");
    machine.start();
    for (int hour = 0; hour < 5; ++hour) machine.simulated.advance(1h);
    machine.settle();
    CHECK(begun == std::map<std::string, int>{{"ends", 1}, {"ada", 1}});
}

TEST_CASE("dead letters are listed, retried with all their attempts, and discarded", "[messaging][queues]")
{
    QueueMachine machine;
    bool is_down = true;
    machine.work({.attempts = 2, .first_wait = 1s}, [&](const std::string&, JobContext&) -> result<JobDone> {
        if (is_down) return provider_is_down();
        return job_done();
    });
    machine.start();
    const auto one = machine.enqueue("one");
    const auto two = machine.enqueue("two", {.unique = UniqueJob{"two"}});
    machine.simulated.advance(1min);
    machine.settle();
    const auto letters = machine.queues->list({.queue = "mail", .state = JobState::dead});
    REQUIRE(letters);
    REQUIRE(letters.value().size() == 2);
    const auto counted = machine.queues->list_queues();
    REQUIRE(counted);
    CHECK(counted.value().at(0).jobs.at(JobState::dead) == 2);

    is_down = false;
    REQUIRE(machine.queues->retry(one, "the provider is up"));
    machine.settle();
    CHECK(machine.state(one) == JobState::completed);
    CHECK(code_of(machine.queues->retry(one, "again")) == "job-not-dead");

    // A unique one is retried only while no other was enqueued since.
    const auto other = machine.enqueue("two", {.unique = UniqueJob{"two"}});
    CHECK(other != two);
    CHECK(code_of(machine.queues->retry(two, "again")) == "unique-job-stands");
    REQUIRE(machine.queues->discard(two, "the other one does it"));
    machine.settle();
    CHECK(machine.state(two) == JobState::discarded);
    CHECK(code_of(machine.queues->retry(machine.simulated.next(), "what")) == "no-such-job");
}

TEST_CASE("an attempt that takes too long has failed, and its late answer counts no more", "[messaging][queues]")
{
    QueueMachine machine;
    int calls = 0;
    machine.work({.first_wait = 1s, .attempt_time = 5s}, [&](const std::string&, JobContext& job) -> result<JobDone> {
        CHECK(job.deadline() == machine.simulated.now() + 5s);
        if (++calls > 1) return job_done("second");
        machine.simulated.advance(6s); // as long as it takes elsewhere
        CHECK(job.stop().stop_requested());
        return job_done("first");
    });
    machine.start();
    const auto id = machine.enqueue("ada");
    machine.settle();
    machine.simulated.advance(1min);
    machine.settle();
    CHECK(machine.history(id) == Words{"enqueued", "attempt-failed", "completed"});
    CHECK(machine.show(id).result == "second");
}

TEST_CASE("progress is shown, and at most once a second", "[messaging][queues]")
{
    QueueMachine machine;
    machine.work({}, [&](const std::string&, JobContext& job) -> result<JobDone> {
        for (int page = 1; page <= 1'000; ++page) job.progress(static_cast<std::uint64_t>(page), 1'000, "pages");
        return job_done();
    });
    machine.start();
    const auto id = machine.enqueue("ada");
    machine.settle();
    CHECK(machine.history(id) == Words{"enqueued", "progressed", "completed"});
    CHECK(machine.show(id).progress == "1 of 1000 pages");
}

TEST_CASE("what cannot be a job is refused with a sentence, and nothing is written", "[messaging][queues]")
{
    QueueMachine machine;
    Begun begun;
    machine.work({}, begun.work());
    machine.start();
    const auto code = [&](JobOptions options) {
        return code_of(machine.queues->enqueue<Mailing>(SendMail{"ada", "x"}, std::move(options)));
    };
    const Time now = machine.simulated.now();
    CHECK(code({.priority = 10}) == "invalid-job-options");
    CHECK(code({.not_before = now + 2h, .expires = now + 1h}) == "invalid-job-options");
    CHECK(code({.key = std::string(129, 'x')}) == "invalid-job-options");
    CHECK(code({.key = "a\nb"}) == "invalid-job-options");
    CHECK(code({.unique = UniqueJob{""}}) == "invalid-job-options");
    CHECK(code({.unique = UniqueJob{"x", -1ms}}) == "invalid-job-options");
    CHECK(code({.labels = {"\x01"}}) == "invalid-tag");
    CHECK(code({.attempts = 1'001}) == "invalid-job-options");
    CHECK(code({.attempt_time = -1s}) == "invalid-job-options");
    CHECK(code_of(machine.queues->enqueue<Mailing>(SendMail{std::string(9u << 20, 'x'), "x"})) == "event-too-large");
    CHECK(machine.store->head() == 0);
    CHECK(code_of(machine.queues->pause("", "no name")) == "invalid-queue-name");
    CHECK(code_of(machine.queues->pause("a\x01", "no name")) == "invalid-queue-name");
    CHECK(machine.store->head() == 0);
}

} // namespace queues_test
