// Workers in other processes, as the engine sees them: jobs are leased, kept, ended, and lost.
#include "support/mailing.hpp"

#include <set>

namespace leases_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

result<JobDone> works_nothing(const std::string&, JobContext&)
{
    FAIL("no worker of this process works");
    return job_done();
}

// A machine whose jobs are worked on elsewhere only.
struct Elsewhere : QueueMachine {
    explicit Elsewhere(QueueOptions options = {}, const StoreKind& kind = every_store().front())
        : QueueMachine{kind}, queue_options{options}
    {
        begin();
    }
    void begin()
    {
        work(queue_options, works_nothing);
        queues->work_only_elsewhere();
        start();
    }
    void restart()
    {
        close();
        open();
        begin();
    }

    // What the worker gets within so long; it may be nothing.
    std::vector<LeasedJob> pull(const std::string& worker, Duration waits = 0s, std::size_t most = 1)
    {
        simulated.advance(1ms); // the engine hears of what was enqueued
        std::optional<result<std::vector<LeasedJob>>> pulled;
        queues->pull({.queue = "mail", .worker = worker, .most = most, .lease = 10s, .until = simulated.now() + waits},
                     [&](result<std::vector<LeasedJob>> jobs) { pulled = std::move(jobs); });
        simulated.advance(waits + 1ms);
        REQUIRE(pulled);
        REQUIRE(*pulled);
        return std::move(pulled->value());
    }
    LeasedJob pull_one(const std::string& worker)
    {
        const auto jobs = pull(worker);
        REQUIRE(jobs.size() == 1);
        return jobs.front();
    }
    std::string finish(const LeasedJob& job, result<JobDone> answer)
    {
        std::optional<result<void>> finished;
        queues->finish(job.lease, std::move(answer), [&](result<void> ended) { finished = std::move(ended); });
        simulated.advance(1ms);
        REQUIRE(finished);
        return *finished ? "" : finished->error().code;
    }
    // The leases that are over.
    std::vector<Lease> extend(const std::vector<HeldLease>& held)
    {
        auto lost = queues->extend(held);
        REQUIRE(lost);
        simulated.advance(1ms);
        return std::move(lost.value());
    }

    const QueueOptions queue_options;
};

TEST_CASE("a job is leased to a worker elsewhere, and completed once with what follows from it", "[messaging][queues]")
{
    for (const auto& kind : every_store()) {
        INFO(kind.name);
        Elsewhere machine{{}, kind};
        const auto id = machine.enqueue("ada");
        machine.simulated.advance(1ms);
        CHECK(machine.show(id).why.starts_with("no worker: "));
        const auto job = machine.pull_one("host/1");
        CHECK(job.lease.of == id);
        CHECK(job.attempt == 1);
        CHECK(machine.show(id).why == "it does not wait: it is being worked on by host/1");
        CHECK(machine.state(id) == JobState::running);
        CHECK(machine.queues->list_queues().value().at(0).workers_elsewhere == 1);
        CHECK(machine.pull("host/2").empty());

        CHECK(machine.finish(job, job_done("sent").append(eventloom::id<Counter>{"one"}, ExpectedVersion::no_stream(),
                                                          Added{5})) == "");
        CHECK(machine.show(id).result == "sent");
        CHECK(machine.history(id) == Words{"enqueued", "leased", "completed"});
        CHECK(read_all(*machine.store.store, {.scope = Scope::stream("counter-one")}).size() == 1);
        // The worker was not told, and asks again.
        CHECK(machine.finish(job, job_done("sent")) == "");
        CHECK(read_all(*machine.store.store, {.scope = Scope::stream("job-" + to_string(id))}).size() == 3);
    }
}

TEST_CASE("a worker elsewhere that is not heard of loses its job, and what it answers later is refused",
          "[messaging][queues]")
{
    Elsewhere machine{{.attempts = 2, .first_wait = 1s}};
    const auto id    = machine.enqueue("ada");
    const auto first = machine.pull_one("host/1");
    machine.simulated.advance(9s);
    CHECK(machine.state(id) == JobState::running);
    machine.simulated.advance(1s);
    CHECK(machine.show(id).job.last->code == "lease-ended");
    machine.simulated.advance(2s);
    const auto second = machine.pull_one("host/2");
    CHECK(second.attempt == 2);
    CHECK(second.lease.fence > first.lease.fence);

    const auto added = eventloom::id<Counter>{"one"};
    CHECK(machine.finish(first, job_done().append(added, ExpectedVersion::any(), Added{5})) == "job-taken-away");
    CHECK(machine.extend({{first.lease, {}}}) == std::vector{first.lease});
    CHECK(machine.finish(second, job_done().append(added, ExpectedVersion::any(), Added{5})) == "");
    CHECK(machine.finish(first, job_done()) == "job-taken-away");
    CHECK(read_all(*machine.store.store, {.scope = Scope::stream("counter-one")}).size() == 1);
    CHECK(machine.history(id) == Words{"enqueued", "leased", "attempt-failed", "leased", "completed"});
}

TEST_CASE("a lease goes on while its worker says that it is there", "[messaging][queues]")
{
    Elsewhere machine;
    const auto id  = machine.enqueue("ada");
    const auto job = machine.pull_one("host/1");
    for (int i = 1; i <= 5; ++i) {
        machine.simulated.advance(8s);
        CHECK(machine.extend({{job.lease, ReportedProgress{static_cast<std::uint64_t>(i), 5, "pages"}}}).empty());
    }
    CHECK(machine.show(id).progress == "5 of 5 pages");
    CHECK(machine.finish(job, job_done()) == "");
    CHECK(machine.state(id) == JobState::completed);
}

TEST_CASE("a job whose workers end again and again is a dead letter after its attempts", "[messaging][queues]")
{
    Elsewhere machine{{.attempts = 3, .first_wait = 1s}};
    const auto id = machine.enqueue("ada");
    for (unsigned attempt = 1; attempt <= 3; ++attempt) {
        CHECK(machine.pull_one("host/1").attempt == attempt);
        machine.simulated.advance(20s);
    }
    CHECK(machine.state(id) == JobState::dead);
    CHECK(machine.show(id).job.last->code == "lease-ended");
    CHECK(machine.pull("host/1").empty());
}

TEST_CASE("a lease outlives the service: its worker completes the job, and nobody else gets it meanwhile",
          "[messaging][queues]")
{
    Elsewhere machine{{.first_wait = 1s}};
    const auto kept = machine.enqueue("kept");
    const auto lost = machine.enqueue("lost");
    auto jobs       = machine.pull("host/1", 0s, 2);
    REQUIRE(jobs.size() == 2);
    if (jobs[0].lease.of != kept) std::swap(jobs[0], jobs[1]);
    machine.restart();
    CHECK(machine.pull("host/2", 5s).empty());
    CHECK(machine.finish(jobs[0], job_done()) == "");
    CHECK(machine.state(kept) == JobState::completed);
    // Of the other nothing is heard.
    machine.simulated.advance(6s);
    CHECK(machine.show(lost).job.last->code == "lease-ended");
    CHECK(machine.finish(jobs[1], job_done()) == "job-taken-away");
    machine.simulated.advance(2s);
    CHECK(machine.pull_one("host/2").lease.of == lost);
}

TEST_CASE("who waits for jobs elsewhere gets one as soon as there is one, unless it has gone", "[messaging][queues]")
{
    Elsewhere machine;
    std::vector<std::string> got;
    bool is_there   = true;
    const auto wait = [&](const std::string& worker, std::function<bool()> still_there) {
        machine.queues->pull({.queue       = "mail",
                              .worker      = worker,
                              .until       = machine.simulated.now() + 5s,
                              .still_there = std::move(still_there)},
                             [&got, worker](const result<std::vector<LeasedJob>>& jobs) {
                                 got.push_back(worker + (jobs.value().empty() ? " nothing" : " one"));
                             });
    };
    wait("gone", [&] { return is_there; });
    wait("waits", [] { return true; });
    wait("waits longer", [] { return true; });
    machine.simulated.advance(1s);
    CHECK(got.empty());
    is_there = false;
    machine.enqueue("ada");
    machine.simulated.advance(1s);
    std::sort(got.begin(), got.end());
    CHECK(got == Words{"gone nothing", "waits one"});
    machine.simulated.advance(5s);
    CHECK(got == Words{"gone nothing", "waits one", "waits longer nothing"});
}

TEST_CASE("a job that is cancelled while a worker elsewhere has it cannot be completed there", "[messaging][queues]")
{
    Elsewhere machine;
    const auto id  = machine.enqueue("ada");
    const auto job = machine.pull_one("host/1");
    CHECK(machine.extend({{job.lease, {}}}).empty());
    REQUIRE(machine.queues->cancel(id, "not wanted any more"));
    machine.simulated.advance(1s);
    CHECK(machine.extend({{job.lease, {}}}) == std::vector{job.lease});
    CHECK(machine.finish(job, job_done()) == "job-taken-away");
    CHECK(machine.state(id) == JobState::cancelled);
}

TEST_CASE("what a worker elsewhere answers has the same ends as here", "[messaging][queues]")
{
    Elsewhere machine{{.attempts = 2, .first_wait = 1s}};
    const auto ends = [&](result<JobDone> answer) {
        const auto id = machine.enqueue("ada");
        CHECK(machine.finish(machine.pull_one("host/1"), std::move(answer)) == "");
        return id;
    };
    const auto refused = ends(refuse("no-such-person", "Nobody is called so."));
    CHECK(machine.state(refused) == JobState::dead);
    const auto again = ends(job_again_at(machine.simulated.now() + 1h));
    CHECK(machine.state(again) == JobState::scheduled);
    CHECK(machine.show(again).job.attempts == 0);
    const auto fault = ends(provider_is_down());
    CHECK(machine.show(fault).job.last->code == "provider-down");
    REQUIRE(machine.queues->cancel(fault, "enough"));
    const auto back = ends(job_given_back());
    CHECK(machine.show(back).job.attempts == 0);
    CHECK(machine.pull_one("host/2").lease.of == back);
}

TEST_CASE("the limits of a queue hold for workers elsewhere", "[messaging][queues]")
{
    Elsewhere machine{{.at_once = 2, .in_order_per_key = true}};
    machine.enqueue("one", {.key = "4711"});
    machine.enqueue("two", {.key = "4711"});
    machine.enqueue("three");
    machine.enqueue("four");
    const auto jobs = machine.pull("host/1", 0s, 10);
    REQUIRE(jobs.size() == 2);
    CHECK(machine.pull("host/2").empty());
    CHECK(machine.finish(jobs[0], job_done()) == "");
    CHECK(machine.pull("host/2", 0s, 10).size() == 1);
    // They hold after a restart, too.
    machine.restart();
    CHECK(machine.pull("host/3").empty());
}

TEST_CASE("a pull that makes no sense is refused, and so is one of a queue that nobody knows", "[messaging][queues]")
{
    Elsewhere machine;
    const auto code = [&](PullJobs wanted) {
        std::string found = "none";
        machine.queues->pull(std::move(wanted), [&](const result<std::vector<LeasedJob>>& jobs) {
            found = jobs ? "" : jobs.error().code;
        });
        machine.simulated.advance(1ms);
        return found;
    };
    CHECK(code({.queue = "mail", .worker = "w", .lease = 1ms}) == "invalid-pull");
    CHECK(code({.queue = "mail", .worker = "w", .lease = 2h}) == "invalid-pull");
    CHECK(code({.queue = "mail", .worker = "w", .most = 0}) == "invalid-pull");
    CHECK(code({.queue = "mail", .worker = "w", .most = 1'001}) == "invalid-pull");
    CHECK(code({.queue = "mail", .worker = ""}) == "invalid-pull");
    CHECK(code({.queue = "mail", .worker = "a\nb"}) == "invalid-pull");
    CHECK(code({.queue = "letters", .worker = "w"}) == "no-such-queue");
    machine.queues->stop();
    CHECK(code({.queue = "mail", .worker = "w"}) == "queues-not-open");
    CHECK(code_of(machine.queues->extend({})) == "queues-not-open");
}

TEST_CASE("each job of a queue is counted once: one that is worked on does not wait", "[messaging][queues]")
{
    Elsewhere machine;
    for (const std::string name : {"ada", "bob", "cid"}) machine.enqueue(name);
    const auto job   = machine.pull_one("host/1");
    const auto state = [&](JobState of) { return machine.queues->list({.state = of}).value().size(); };
    const auto queue = machine.queues->list_queues().value().at(0);
    CHECK(queue.running == 1);
    CHECK(queue.jobs.at(JobState::waiting) == 2);
    CHECK((state(JobState::running) == 1 && state(JobState::waiting) == 2));
    CHECK(machine.finish(job, job_done()) == "");
    const auto after = machine.queues->list_queues().value().at(0);
    CHECK(after.running == 0);
    CHECK(after.jobs == std::map<JobState, std::uint64_t>{{JobState::waiting, 2}, {JobState::completed, 1}});
}

TEST_CASE("a worker elsewhere that waits no more is not counted as one", "[messaging][queues]")
{
    bool is_there = true;
    Elsewhere machine;
    machine.queues->pull({.queue       = "mail",
                          .worker      = "host/1",
                          .lease       = 10s,
                          .until       = machine.simulated.now() + 1h,
                          .still_there = [&] { return is_there; }},
                         [](const result<std::vector<LeasedJob>>&) {});
    machine.simulated.advance(1ms);
    CHECK(machine.queues->list_queues().value().at(0).workers_elsewhere == 1);
    is_there = false;
    CHECK(machine.queues->list_queues().value().at(0).workers_elsewhere == 0);
    const auto id = machine.enqueue("ada");
    machine.simulated.advance(1ms);
    CHECK(machine.show(id).why.starts_with("no worker: "));
}

} // namespace leases_test
