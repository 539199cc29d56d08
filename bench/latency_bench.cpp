// How long after its acknowledgement does an event reach who waits for it, at a steady rate of appends?
#include "benches.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/framework/event_bus.hpp>
#include <eventloom/messaging/consumer_groups.hpp>
#include <eventloom/storage/system_files.hpp>

#include <fmt/core.h>

#include <array>
#include <atomic>
#include <latch>
#include <thread>

namespace bench {

namespace {

namespace el = eventloom;
using Steady = std::chrono::steady_clock;

// When each event was acknowledged, and when it was there.
struct Moments {
    explicit Moments(std::uint64_t events) : acknowledged(events), seen(events) {}
    std::vector<Steady::time_point> acknowledged;
    std::vector<Steady::time_point> seen;
    std::atomic<std::uint64_t> answers{0};
    std::atomic<std::uint64_t> arrivals{0};

    void note_arrival(const el::RecordedEvent& event)
    {
        seen[event.position - 1] = Steady::now();
        ++arrivals;
    }

    // In microseconds, by share of the events. Who was told before the appender was did not wait.
    std::array<double, 2> percentiles() const
    {
        std::vector<double> waits;
        for (std::size_t i = 0; i < seen.size(); ++i) {
            waits.push_back(
                std::max(0.0, std::chrono::duration<double, std::micro>(seen[i] - acknowledged[i]).count()));
        }
        std::sort(waits.begin(), waits.end());
        return {waits[waits.size() / 2], waits[waits.size() * 99 / 100]};
    }
};

struct OpenStore {
    el::SystemExecutor executor{{.threads = 3}}; // one of them may be held up by who is stalled
    el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    std::unique_ptr<el::LevelDbStore> store;

    OpenStore()
    {
        auto opened = el::LevelDbStore::open(runtime, {.directory = fresh_directory("latency")});
        require(opened.has_value(), "the store opens");
        store = std::move(opened.value());
    }

    // One event an append, each at its time, without waiting for the one before.
    void append_at_rate(std::uint64_t events, std::uint64_t events_a_second, Moments& moments)
    {
        const auto began = Steady::now();
        for (std::uint64_t i = 0; i < events; ++i) {
            std::this_thread::sleep_until(began + std::chrono::nanoseconds{i * 1'000'000'000 / events_a_second});
            el::NewEvent event{
                .id = runtime.ids.next(), .type = "noted", .data = std::string(320, 'x'), .metadata = {}};
            el::AppendRequest request;
            request.streams.push_back({"order-" + std::to_string(i % 1'000), el::ExpectedVersion::any(), {event}});
            store->append(std::move(request), [&moments](const el::result<el::Appended>& answer) {
                require(answer.has_value(), "an event is appended");
                moments.acknowledged[answer.value().first_position - 1] = Steady::now();
                ++moments.answers;
            });
        }
        const auto all_there = [&] { return moments.answers == events && moments.arrivals == events; };
        require(executor.wait_until(all_there, el::system_clock().now() + std::chrono::minutes{1}),
                "every event arrives once");
    }
};

enum class Neighbour : std::uint8_t { none, stalled };

// A stalled neighbour takes one delivery and keeps it until all is over.
std::array<double, 2> subscriber_waits(std::uint64_t events_a_second, Neighbour neighbour)
{
    const auto events = events_a_second * 2;
    Moments moments{events};
    OpenStore open;
    std::latch is_over{1};
    el::EventBus bus{open.runtime, *open.store};
    std::shared_ptr<el::Subscription> stalled;
    if (neighbour == Neighbour::stalled) {
        stalled = bus.subscribe({.name = "stalled"}, [&](const el::Delivery&) -> el::result<void> {
            is_over.wait();
            return el::done();
        });
    }
    const auto subscription = bus.subscribe({.name = "all"}, [&](const el::Delivery& delivery) -> el::result<void> {
        for (const auto& event : delivery.events) moments.note_arrival(event);
        return el::done();
    });
    open.append_at_rate(events, events_a_second, moments);
    is_over.count_down();
    return moments.percentiles();
}

std::array<double, 2> member_waits(std::uint64_t events_a_second)
{
    const auto events = events_a_second * 2;
    Moments moments{events};
    OpenStore open;
    const auto groups =
        el::ConsumerGroups::open(open.runtime, *open.store, {.directory = fresh_directory("latency-groups")});
    require(groups.has_value(), "the groups open");
    const auto group = groups.value()->open_group({.name = "all"});
    require(group.has_value(), "the group opens");
    const auto handler = [&](const el::RecordedEvent& event) -> el::result<void> {
        moments.note_arrival(event);
        return el::done();
    };
    const auto one = group.value()->join("one", handler);
    const auto two = group.value()->join("two", handler);
    require(one.has_value() && two.has_value(), "the members join");
    open.append_at_rate(events, events_a_second, moments);
    return moments.percentiles();
}

// p50 and p99 over the rounds.
std::array<Spread, 2> over_rounds(unsigned rounds, const std::function<std::array<double, 2>()>& percentiles_of_a_round)
{
    std::array<std::vector<double>, 2> of_rounds;
    for (unsigned round = 0; round < rounds; ++round) {
        const auto percentiles = percentiles_of_a_round();
        for (std::size_t i = 0; i < percentiles.size(); ++i) of_rounds[i].push_back(percentiles[i]);
    }
    return {spread_of(of_rounds[0]), spread_of(of_rounds[1])};
}

void add_rows(std::vector<Row>& rows, const std::string& name, const std::array<Spread, 2>& waits)
{
    for (std::size_t i = 0; i < waits.size(); ++i) {
        rows.push_back(
            {.name = name + (i == 0 ? ", p50" : ", p99"), .unit = "µs", .figures = {{"Eventloom", waits[i]}}});
    }
}

} // namespace

std::vector<Row> measure_latency(const Scale& scale)
{
    say("latency");
    const auto rounds = std::min(scale.rounds, 3u);
    std::vector<Row> rows;
    std::array<Spread, 2> undisturbed;
    constexpr std::uint64_t quick = 20'000;
    for (const std::uint64_t rate : {std::uint64_t{1'000}, quick}) {
        const auto at = fmt::format(" at {} events/s", rate);
        undisturbed   = over_rounds(rounds, [&] { return subscriber_waits(rate, Neighbour::none); });
        add_rows(rows, "acknowledged to subscriber" + at, undisturbed);
        add_rows(rows, "acknowledged to group member" + at, over_rounds(rounds, [&] { return member_waits(rate); }));
    }
    const auto beside_stalled = over_rounds(rounds, [&] { return subscriber_waits(quick, Neighbour::stalled); });
    rows.push_back({.name    = "acknowledged to subscriber at 20000 events/s, p99, while another one is stalled",
                    .unit    = "µs",
                    .target  = Target::at_most_times_the_last(2),
                    .figures = {{"Eventloom", beside_stalled[1]}, {"nobody stalled", undisturbed[1]}}});
    return rows;
}

} // namespace bench
