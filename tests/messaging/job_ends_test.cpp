// Jobs that stand once, and jobs that somebody else has ended.
#include "support/mailing.hpp"

#include <eventloom/framework/stream_limits.hpp>

#include <set>

namespace job_ends_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

TEST_CASE("a unique job stands until it has ended, or for its period, and is named", "[messaging][queues]")
{
    for (const auto& kind : every_store()) {
        INFO(kind.name);
        QueueMachine machine{kind};
        BegunJobs begun;
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

TEST_CASE("a dead letter is edited: the handler is given other data, and the first are in its history",
          "[messaging][queues]")
{
    for (const auto& kind : every_store()) {
        INFO(kind.name);
        QueueMachine machine{kind};
        Words given;
        machine.work({}, [&](const std::string& name, JobContext&) -> result<JobDone> {
            given.push_back(name);
            if (name == "adda") return refuse("no-such-person", "Nobody is called so.");
            return job_done();
        });
        machine.start();
        const auto id = machine.enqueue("adda");
        machine.settle();
        const auto ada = encoded<Mailing::Jobs>(Mailing::Jobs::Events::variant{SendMail{"ada", "x"}});
        REQUIRE(machine.queues->edit(id, ada.schema_version, ada.data, "a slip"));
        machine.settle();
        CHECK(machine.state(id) == JobState::dead);
        CHECK(machine.queues->list().value().at(0).is_edited);
        CHECK(machine.show(id).data_json == R"({"to": "ada","subject": "x"})");
        REQUIRE(machine.queues->retry(id, "it was Ada"));
        machine.settle();
        CHECK(given == Words{"adda", "ada"});
        CHECK(machine.history(id) == Words{"enqueued", "died", "edited", "retried", "completed"});
        const auto log = read_all(*machine.store.store, {.scope = Scope::stream("job-" + to_string(id))});
        CHECK(log.front().data != ada.data);
        CHECK(code_of(machine.queues->edit(id, 1, ada.data, "again")) == "job-not-dead");
        CHECK(code_of(machine.queues->edit(machine.simulated.next(), 1, ada.data, "what")) == "no-such-job");
    }
}

} // namespace job_ends_test
