// Power cuts under queues: at every single change of the disk in a short run, and anywhere in long random ones.
#include "power_cuts.hpp"
#include "queues_machine.hpp"

#include <catch2/catch.hpp>

namespace queues_crash_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;
using Deed = QueuesMachine::Deed;

std::string numbered(const char* word, std::uint64_t number)
{
    return word + std::to_string(number);
}

// A short run, the same until the power goes: everything that a queue does is in it.
void work(QueuesMachine& machine)
{
    machine.deed = [](const std::string& name, unsigned attempt) -> std::optional<Deed> {
        if (name == "faulty") return attempt < 3 ? Deed::fault : Deed::done;
        if (name == "late") return Deed::again;
        if (name == "refused") return Deed::refused;
        return name == "parent" ? Deed::child : Deed::done;
    };
    if (not machine.start()) return;
    auto& simulated = machine.simulated();
    const auto soon = [&] { return simulated.now() + 4s; };
    const bool went =
        machine.enqueue("faulty", {.key = "a"}) && machine.enqueue("second", {.key = "a"}) &&
        machine.enqueue("third", {.priority = 9, .key = "a"}) && machine.enqueue("parent") &&
        machine.enqueue("unique", {.unique = UniqueJob{"u"}}) &&
        machine.enqueue("unique too", {.unique = UniqueJob{"u"}}) && machine.enqueue("later", {.not_before = soon()}) &&
        machine.enqueue("expires", {.not_before = simulated.now() + 1h, .expires = simulated.now() + 2h}) &&
        machine.enqueue("refused");
    if (not went) return;
    simulated.advance(3s);
    if (not machine.pause(true) || not machine.enqueue("once", {.attempts = 1})) return;
    simulated.advance(2s);
    if (not machine.pause(false)) return;
    simulated.advance(10s);
    run_one_background_job();
    if (not machine.retry_some() || not machine.cancel_some()) return;
    simulated.advance(10s);
}

// The same with all that is limited, and with workers in other processes, which go on when the power is there again.
void work_elsewhere_too(QueuesMachine& machine)
{
    using Answer = WorkersElsewhere::Answer;
    machine.deed = [](const std::string& name, unsigned attempt) -> std::optional<Deed> {
        return name == "faulty" && attempt < 3 ? Deed::fault : Deed::done;
    };
    machine.options       = {.workers            = 2,
                             .at_once            = 6,
                             .per_second         = 5,
                             .in_order_per_key   = false,
                             .at_once_per_key    = 2,
                             .per_second_per_key = 2,
                             .batch              = 3,
                             .attempts           = 3,
                             .first_wait         = 1s,
                             .longest_wait       = 2s};
    machine.takes_batches = true;
    if (not machine.start()) return;
    auto& simulated = machine.simulated();
    if (not machine.limit({.per_second = 4}) || not machine.pause(true)) return;
    const bool went = machine.enqueue("faulty", {.key = "a"}) && machine.enqueue("second", {.key = "a"}) &&
                      machine.enqueue("third", {.key = "a"}) && machine.enqueue("fourth", {.key = "b"}) &&
                      machine.enqueue("one") && machine.enqueue("two") && machine.enqueue("three") &&
                      machine.enqueue("unique", {.key = "b", .unique = UniqueJob{"u"}}) &&
                      machine.enqueue("unique too", {.unique = UniqueJob{"u"}}) &&
                      machine.enqueue("later", {.not_before = simulated.now() + 3s}) &&
                      machine.enqueue("once", {.attempts = 1});
    if (not went || not machine.pull_elsewhere(2, 9s) || not machine.pause(false)) return;
    simulated.run_until_idle();
    if (not machine.limit({.workers = 0, .per_second = 4})) return; // all others are for those elsewhere
    for (int i = 0; i < 8; ++i) {
        if (not machine.enqueue(numbered("more ", static_cast<std::uint64_t>(i)), {.key = i % 2 == 0 ? "a" : ""}))
            return;
    }
    for (int turn = 0; turn < 8; ++turn) {
        if (not machine.pull_elsewhere(2, 1s) || not machine.extend_elsewhere()) return;
        if (turn % 2 == 0 && not machine.answer_elsewhere(turn == 2 ? Answer::fault : Answer::done)) return;
        simulated.advance(turn == 4 ? 5s : 1s); // longer than a lease
        if (turn == 3) run_one_background_job();
    }
    if (not machine.limit({})) return;
    simulated.advance(4s);
}

// Cuts the power of a run at every change of the disk, and looks at what the next start makes of it.
void sweep(const std::function<void(QueuesMachine&)>& run, std::uint64_t number)
{
    const auto log = GENERATE(QueuesLog::on_the_disk, QueuesLog::in_memory);
    Sweep sweep{4, number};
    cut_power_everywhere<QueuesMachine>(
        sweep, log, run, [](const QueuesMachine&) {},
        [](QueuesMachine& machine, Tail) {
            REQUIRE(machine.start());
            REQUIRE(machine.drain());
            REQUIRE(machine.broken() == "");
        });
}

TEST_CASE(
    "a power cut at any change of the disk loses no job, completes none twice, and keeps each effect with its end",
    "[crash][queues]")
{
    sweep(work, 1);
}

TEST_CASE("a power cut at any change of the disk breaks no lease, no limit and no batch, and workers elsewhere go on",
          "[crash][queues]")
{
    {
        QueuesMachine whole{1, QueuesLog::on_the_disk, DirectoryModel::strict};
        work_elsewhere_too(whole);
        CHECK(whole.biggest_batch == 3);
        CHECK(whole.elsewhere().completed().size() >= 3);
        CHECK(whole.elsewhere().lost_leases() >= 1);
    }
    sweep(work_elsewhere_too, 2);
}

QueueLimits limits_drawn(QueuesMachine& machine)
{
    QueueLimits limits;
    if (machine.simulated().draw(2) == 0) limits.workers = static_cast<std::uint32_t>(machine.simulated().draw(2));
    if (machine.simulated().draw(2) == 0) limits.per_second = static_cast<double>(machine.simulated().draw(6));
    return limits;
}

// One random thing; false when the power went.
bool do_something(QueuesMachine& machine, std::uint64_t number)
{
    auto& simulated = machine.simulated();
    switch (simulated.draw(16)) {
    case 0:
        return machine.cancel_some();
    case 1:
        return machine.retry_some();
    case 2:
        return machine.pause(simulated.draw(2) == 0);
    case 3:
        simulated.advance(std::chrono::seconds{simulated.draw(6)});
        return not machine.disk().crashed();
    case 4:
        run_one_background_job();
        return true;
    case 5:
    case 6:
        simulated.run_until_idle();
        return not machine.disk().crashed();
    case 7:
        return machine.pull_elsewhere(1 + simulated.draw(4), std::chrono::seconds{simulated.draw(6)});
    case 8:
        return machine.extend_elsewhere();
    case 9:
        return machine.answer_elsewhere();
    case 10:
        return machine.limit(limits_drawn(machine));
    default:
        break;
    }
    JobOptions job{.priority = static_cast<unsigned>(simulated.draw(10))};
    if (simulated.draw(2) == 0) job.key = numbered("key-", simulated.draw(3));
    if (simulated.draw(4) == 0) job.not_before = simulated.now() + std::chrono::seconds{1 + simulated.draw(5)};
    if (simulated.draw(4) == 0) job.expires = simulated.now() + std::chrono::seconds{6 + simulated.draw(9)};
    if (simulated.draw(5) == 0) job.unique = UniqueJob{numbered("unique-", simulated.draw(2))};
    if (simulated.draw(5) == 0) job.attempts = 1;
    if (simulated.draw(2) == 0) job.when_expired = WhenExpired::drop;
    return machine.enqueue(numbered("job-", number), job);
}

TEST_CASE("whatever is enqueued, leased, done, refused, cancelled, limited and cut off, queues keep what they promise",
          "[crash][queues][model]")
{
    const auto log = GENERATE(QueuesLog::on_the_disk, QueuesLog::in_memory);
    int crashes    = 0;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        INFO("log " << static_cast<int>(log) << ", seed " << seed);
        QueuesMachine machine{seed, log, seed % 2 == 0 ? DirectoryModel::ordered : DirectoryModel::strict};
        machine.options.workers          = 1 + static_cast<unsigned>(seed % 3);
        machine.options.in_order_per_key = seed % 4 != 0;
        machine.options.at_once_per_key  = 1 + seed % 3;
        machine.options.batch            = 2 + seed % 3;
        machine.takes_batches            = seed % 5 < 2;
        if (seed % 7 == 0) machine.options.per_second = 3;
        if (seed % 8 == 0) machine.options.per_second_per_key = 2;
        auto& simulated      = machine.simulated();
        std::uint64_t number = 0;
        for (int life = 0; life < 4; ++life) {
            machine.disk().crash_at(machine.disk().operations() + 30 + simulated.draw(250));
            bool is_alive = machine.start();
            for (int i = 0; i < 80 && is_alive; ++i) is_alive = do_something(machine, ++number);
            crashes += machine.disk().crashed() ? 1 : 0;
            machine.cut_power(static_cast<Tail>(simulated.draw(4)));
        }
        REQUIRE(machine.start());
        REQUIRE(machine.drain());
        REQUIRE(machine.broken() == "");
    }
    CHECK(crashes > 100);
}

TEST_CASE("a job that ends its process again and again is begun at most once more than it may, and is a dead letter",
          "[crash][queues]")
{
    for (const unsigned attempts : {1U, 2U, 4U}) {
        for (const auto tail : {Tail::dropped, Tail::torn, Tail::kept}) {
            INFO("attempts " << attempts << ", tail " << static_cast<int>(tail));
            QueuesMachine machine{attempts, QueuesLog::on_the_disk, DirectoryModel::strict};
            machine.options.attempts = attempts;
            machine.deed             = [&](const std::string& name, unsigned) -> std::optional<Deed> {
                if (name != "killer") return Deed::done;
                machine.disk().crash_at(machine.disk().operations() + 1);
                return Deed::given_back;
            };
            REQUIRE(machine.start());
            REQUIRE(machine.enqueue("killer"));
            for (unsigned life = 0; life < 8; ++life) {
                machine.simulated().advance(1min);
                if (not machine.disk().crashed()) break;
                machine.cut_power(tail);
                REQUIRE(machine.start());
            }
            REQUIRE_FALSE(machine.disk().crashed());
            REQUIRE(machine.enqueue("another")); // it holds up nobody
            REQUIRE(machine.queues().settle(machine.simulated().now() + 1min));
            const auto ends = machine.ends();
            CHECK(ends.at("killer") == "job-died");
            CHECK(ends.at("another") == "job-completed");
            CHECK(machine.begun("killer") == (attempts == 1 ? 1 : attempts + 1));
            CHECK(machine.broken() == "");
        }
    }
}

TEST_CASE("queues that were stopped in order record no attempt before it begins", "[crash][queues]")
{
    QueuesMachine machine{7, QueuesLog::on_the_disk, DirectoryModel::strict};
    machine.deed = [](const std::string&, unsigned) { return std::optional{Deed::done}; };
    REQUIRE(machine.start());
    REQUIRE(machine.enqueue("before", {.not_before = machine.simulated().now() + 1h}));
    machine.stop_in_order();
    REQUIRE(machine.start());
    REQUIRE(machine.drain());
    CHECK(read_all(machine.store(), {.scope = Scope::type("job-begun")}).empty());
}

} // namespace queues_crash_test
