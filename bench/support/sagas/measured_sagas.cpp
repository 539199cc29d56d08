#include "support/sagas/measured_sagas.hpp"

#include "support/measuring/measure.hpp"

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/sagas/saga.hpp>
#include <eventloom/storage/system_files.hpp>

#include <atomic>
#include <limits>

namespace bench {

namespace el = eventloom;

// clang-format off
struct JobBegun { el::Time moment{}; std::string note; };
struct Job {
    static constexpr auto category = "job";
    using Events = el::events<el::event<"job-begun", JobBegun>>;
};
using JobId = el::id<Job>;

struct PartDone { std::string note; };
struct DoPart   {};
struct Part {
    static constexpr auto category = "part";
    using Events = el::events<el::event<"part-done", PartDone>>;
    bool is_done = false;
};
using PartId = el::id<Part>;

struct Pong {};
struct Ping { using answer = Pong; std::string job; };
// clang-format on

inline Job evolve(Job job, const JobBegun& /*event*/)
{
    return job;
}
inline Part evolve(Part part, const PartDone& /*event*/)
{
    part.is_done = true;
    return part;
}
inline el::result<PartDone> decide(const DoPart& /*command*/, const Part& part)
{
    if (part.is_done) return el::refuse("done", "The part is done already.");
    return PartDone{std::string(note_bytes, 'p')};
}
static_assert(el::aggregate<Job> && el::aggregate<Part>);

namespace {

struct Working {
    JobId job;
};
struct Waiting {
    JobId job;
    el::Time moment{};
};

auto begins_waiting()
{
    return el::begins{[](const JobId& job, const JobBegun& event) { return Waiting{job, event.moment}; }};
}

auto until_its_moment()
{
    return el::step("wait", el::until{[](const Waiting& saga) { return saga.moment; }});
}

auto part(std::string name)
{
    return el::step(
        name, el::act{[name](const Working& saga) { return el::send(PartId{saga.job.value + "/" + name}, DoPart{}); }});
}

std::unique_ptr<el::LevelDbStore> opened(const el::Runtime& runtime, const std::string& directory)
{
    auto store = el::LevelDbStore::open(runtime, {.directory = directory});
    require(store.has_value(), "the store opens");
    return std::move(store.value());
}

} // namespace

el::Saga four_steps()
{
    return el::saga<Working>("work", 1,
                             el::begins{[](const JobId& job, const JobBegun& /*event*/) { return Working{job}; }},
                             part("one"), part("two"), part("three"), part("four"));
}

el::Saga waits()
{
    return el::saga<Waiting>("work", 1, begins_waiting(), until_its_moment());
}

el::Saga waits_and_calls()
{
    return el::saga<Waiting>(
        "work", 1, begins_waiting(), until_its_moment(),
        el::step("call", el::act{[](const Waiting& saga) { return el::call(Ping{saga.job.value}); }}));
}

SagaMachine::SagaMachine(const std::string& directory, el::Saga saga, Called called)
    : runtime{el::system_clock(), executor, el::system_ids(), el::system_files()},
      store{opened(runtime, directory + "/log")}, commands{runtime, *store}, bus{runtime, *store},
      sagas{runtime, *store, commands, bus, directory + "/sagas"}
{
    sagas.add(std::move(saga));
    sagas.perform<Ping>([called = std::move(called)](const Ping& ping, const el::CallKey& /*key*/) -> el::result<Pong> {
        called(std::stoull(ping.job));
        return Pong{};
    });
}

void SagaMachine::start()
{
    require(sagas.start().has_value(), "the engine starts");
}

void SagaMachine::begin(std::uint64_t number, el::Time moment, el::AppendCompletion done)
{
    el::NewEvent event;
    event.id   = runtime.ids.next();
    event.type = "job-begun";
    el::codec<JobBegun>::encode({moment, std::string(note_bytes, 'j')}, event.data);
    el::AppendRequest request;
    request.streams.push_back({"job-" + std::to_string(number), el::ExpectedVersion::no_stream(), {std::move(event)}});
    store->append(std::move(request), std::move(done));
}

void SagaMachine::begin_all(std::uint64_t jobs, const std::function<el::Time(std::uint64_t)>& moment_of)
{
    constexpr std::uint64_t at_once = 1'024;
    std::atomic<std::uint64_t> answered{0};
    for (std::uint64_t number = 0; number < jobs; ++number) {
        const auto has_room = [&] { return number - answered < at_once; };
        if (not has_room()) require(executor.wait_until(has_room, end_of_patience()), "begin events are acknowledged");
        begin(number, moment_of(number), [this, jobs, &answered](const el::result<el::Appended>& appended) {
            require(appended.has_value(), "a begin event is acknowledged");
            if (const auto now = ++answered; now % (at_once / 2) == 0 || now == jobs) executor.wake();
        });
    }
    require(executor.wait_until([&] { return answered == jobs; }, end_of_patience()), "begin events are acknowledged");
    require(sagas.settle(end_of_patience()), "every event has its instance");
}

void SagaMachine::require_all(el::SagaStatus status, std::uint64_t jobs) const
{
    const auto counts = sagas.count();
    require(counts.has_value() && counts.value().size() == 1, "all instances are alike");
    require(counts.value().begin()->first == status && counts.value().begin()->second == jobs,
            "there is one instance for each job");
}

std::uint64_t SagaMachine::count_of(const std::string& type) const
{
    std::uint64_t count = 0;
    const auto cursor   = store->read({});
    for (auto next = cursor->next(); next.value() != nullptr; next = cursor->next()) {
        if (next.value()->type == type) ++count;
    }
    return count;
}

el::Time end_of_patience()
{
    return el::system_clock().now() + std::chrono::minutes{10};
}

} // namespace bench

template const eventloom::EventTypes& eventloom::event_types<bench::Job>();
template const eventloom::EventTypes& eventloom::event_types<bench::Part>();
