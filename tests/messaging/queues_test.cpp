// A job from its enqueueing to its end, and what a handler may answer.
#include "support/mailing.hpp"

#include <set>

namespace queues_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

TEST_CASE("a job that is enqueued is worked on once, and completed with its result", "[messaging][queues]")
{
    for (const auto& kind : every_store()) {
        INFO(kind.name);
        QueueMachine machine{kind};
        BegunJobs begun;
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
    BegunJobs begun;
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
    BegunJobs begun;
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
    BegunJobs begun;
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
    BegunJobs begun;
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
    BegunJobs begun;
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
