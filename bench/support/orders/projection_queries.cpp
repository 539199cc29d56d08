#include "support/orders/projection_queries.hpp"

#include "support/orders/order_event.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

namespace bench {

namespace {

namespace el = eventloom;
using lives::OrderId;
using lives::OrderRow;
using Steady = std::chrono::steady_clock;

using Table = el::Table<OrderId, OrderRow>;

double microseconds_between(Steady::time_point from, Steady::time_point to)
{
    return std::chrono::duration<double, std::micro>(to - from).count();
}

double share_of(std::vector<double>& values, std::size_t percent)
{
    require(not values.empty(), "something was measured");
    std::sort(values.begin(), values.end());
    return values[values.size() * percent / 100];
}

OrderId drawn_order(std::uint64_t number, std::uint64_t orders)
{
    return OrderId{std::to_string(mixed(number) % orders)};
}

// How queries are asked while something goes on.
enum class Pace : std::uint8_t {
    one_after_the_other, // each takes what it takes
    steady,              // a thousand a second, each from the moment when it was due: waiting for a core counts
};

// Microseconds of each query, until `is_over`.
std::vector<double> query_times(const ProjectedLog& log, Pace pace, const std::function<bool(std::uint64_t)>& is_over)
{
    std::vector<double> times;
    times.reserve(8'000'000);
    const auto first_due = Steady::now();
    for (std::uint64_t i = 0; not is_over(i); ++i) {
        const auto order = drawn_order(i, log.orders());
        const auto due   = first_due + std::chrono::milliseconds{i};
        if (pace == Pace::steady) std::this_thread::sleep_until(due);
        const auto began = pace == Pace::steady ? due : Steady::now();
        const auto row   = log.order_table().get(order);
        times.push_back(microseconds_between(began, Steady::now()));
        require(row.has_value() && row.value().has_value() && row.value()->stage == "closed", "the row is whole");
    }
    return times;
}

double p99_alone(const ProjectedLog& log, Pace pace)
{
    const std::uint64_t queries = pace == Pace::steady ? 2'000 : 500'000;
    auto times                  = query_times(log, pace, [&](std::uint64_t asked) { return asked == queries; });
    return share_of(times, 99);
}

// From the beginning of a rebuild of what is asked until its rows answer.
double p99_during_rebuild(ProjectedLog& log, Pace pace)
{
    std::atomic<bool> is_over{false};
    std::thread rebuild{[&] {
        log.rebuild({"orders"});
        is_over = true;
    }};
    auto times = query_times(log, pace, [&](std::uint64_t) { return is_over.load(); });
    rebuild.join();
    return share_of(times, 99);
}

// p99 of both.
std::vector<Figure> during_rebuild(ProjectedLog& log, Pace pace, unsigned rounds)
{
    std::vector<double> alone;
    std::vector<double> during;
    for (unsigned round = 0; round < rounds; ++round) {
        alone.push_back(p99_alone(log, pace));
        during.push_back(p99_during_rebuild(log, pace));
    }
    return {{"Eventloom", spread_of(during)}, {"without one", spread_of(alone)}};
}

// ---- from the acknowledgement of an event until a query sees it

// What is appended to, and the one projection that is asked.
class OpenOrders {
public:
    OpenOrders()
    {
        auto opened = el::LevelDbStore::open(runtime_, {.directory = fresh_directory("queryable")});
        require(opened.has_value(), "the store opens");
        store_ = std::move(opened.value());
        bus_.emplace(runtime_, *store_);
        projections_.emplace(runtime_, *store_, *bus_, fresh_directory("queryable-rows"));
        auto table = projections_->add(lives::orders());
        require(table.has_value(), "a projection is added");
        table_.emplace(std::move(table.value()));
        projections_->start();
    }

    el::LevelDbStore& store() { return *store_; }
    const Table& table() const { return *table_; }

private:
    el::SystemExecutor executor_{{.threads = 2}};
    el::Runtime runtime_{el::system_clock(), executor_, el::system_ids(), el::system_files()};
    std::unique_ptr<el::LevelDbStore> store_;
    std::optional<el::EventBus> bus_;
    std::optional<el::Projections> projections_;
    std::optional<Table> table_;
};

constexpr std::uint64_t orders_open_live = 1'000; // an order moves on fifty times a second at most

// One event an append, each at its time, without waiting for the one before.
void append_at_rate(el::LevelDbStore& store, std::uint64_t events_a_second,
                    std::vector<std::atomic<Steady::rep>>& acknowledged)
{
    const auto began = Steady::now();
    for (std::uint64_t i = 0; i < acknowledged.size(); ++i) {
        auto written = lives::event_number(i, orders_open_live);
        el::AppendRequest request;
        request.streams.push_back({std::move(written.stream), el::ExpectedVersion::any(), {std::move(written.event)}});
        std::this_thread::sleep_until(began + std::chrono::nanoseconds{i * 1'000'000'000 / events_a_second});
        store.append(std::move(request), [&moment = acknowledged[i]](const el::result<el::Appended>& answer) {
            require(answer.has_value(), "an event is appended");
            moment = Steady::now().time_since_epoch().count();
        });
    }
}

// Asks for the row of each event, one event after the other, until the row has it. A query costs microseconds and there
// is a pause after each that came too soon, so that asking takes a small part of a core; what comes later than it was
// looked for counts as late.
void ask_for_each(const Table& table, std::vector<Steady::rep>& seen)
{
    constexpr std::chrono::microseconds pause{50};
    for (std::uint64_t i = 0; i < seen.size(); ++i) {
        const OrderId order{std::to_string(lives::order_of_event(i, orders_open_live))};
        const auto step = i % (orders_open_live * lives::events_of_an_order) / orders_open_live;
        for (;;) {
            const auto row = table.get(order);
            require(row.has_value(), "a query answers");
            if (row.value() && lives::steps_seen(*row.value()) > step) break;
            std::this_thread::sleep_for(pause);
        }
        seen[i] = Steady::now().time_since_epoch().count();
    }
}

// p50 and p99 in microseconds. An event that was seen before its append was told so did not wait.
std::array<double, 2> waits_to_be_seen(std::uint64_t events_a_second)
{
    const auto events = events_a_second * 3;
    std::vector<std::atomic<Steady::rep>> acknowledged(events);
    std::vector<Steady::rep> seen(events);
    {
        OpenOrders open;
        std::thread asking{[&] { ask_for_each(open.table(), seen); }};
        append_at_rate(open.store(), events_a_second, acknowledged);
        asking.join();
    } // every acknowledgement has come
    std::vector<double> waits;
    for (std::uint64_t i = 0; i < events; ++i) {
        require(acknowledged[i] != 0, "every event is acknowledged");
        const Steady::duration wait{seen[i] - acknowledged[i]};
        waits.push_back(std::max(0.0, std::chrono::duration<double, std::micro>(wait).count()));
    }
    return {share_of(waits, 50), share_of(waits, 99)};
}

} // namespace

Row point_query(ProjectedLog& log, RawRows& raw, const Scale& scale)
{
    say("projections: point queries");
    constexpr std::uint64_t queries = 500'000;
    const auto each                 = [&](const auto& ask) {
        for (std::uint64_t i = 0; i < queries; ++i) ask(drawn_order(i, log.orders()));
        return queries;
    };
    const auto ours = [&] {
        return each([&](const OrderId& order) {
            const auto row = log.order_table().get(order);
            require(row.has_value() && row.value().has_value(), "the row is there");
        });
    };
    const auto theirs = [&] {
        return each([&](const OrderId& order) { require(raw.has(el::ordered_key(order)), "the row is there"); });
    };
    return {.name    = fmt::format("point query of one in {} rows, warm", log.orders()),
            .unit    = "queries/s",
            .target  = Target::times_the_better(0.7),
            .figures = measure_in_turns(scale.rounds, {{"Eventloom", ours}, {"LevelDB, bytes alone", theirs}}),
            .note    = "a typed row, decoded; at least 500,000/s"};
}

std::vector<Row> queries_during_rebuild(ProjectedLog& log, const Scale& scale)
{
    say("projections: queries during a rebuild");
    return {{.name    = "point query during a rebuild of what is asked, p99",
             .unit    = "µs",
             .target  = Target::at_most_times_the_last(2),
             .figures = during_rebuild(log, Pace::one_after_the_other, scale.rounds),
             .note    = "one after the other"},
            {.name    = "point query during a rebuild, at 1000 queries/s, from when each was due, p99",
             .unit    = "µs",
             .figures = during_rebuild(log, Pace::steady, scale.rounds),
             .note    = "with the wait for one of two cores, which the rebuild keeps busy"}};
}

std::vector<Row> acknowledged_to_queryable(const Scale& scale)
{
    say("projections: acknowledged to queryable");
    constexpr std::uint64_t quick = 20'000;
    std::vector<Row> rows;
    for (const std::uint64_t rate : {std::uint64_t{1'000}, quick}) {
        std::array<std::vector<double>, 2> of_rounds;
        for (unsigned round = 0; round < std::min(scale.rounds, 3u); ++round) {
            const auto waits = waits_to_be_seen(rate);
            for (std::size_t i = 0; i < waits.size(); ++i) of_rounds[i].push_back(waits[i]);
        }
        const auto name = fmt::format("acknowledged to queryable at {} events/s", rate);
        rows.push_back({.name = name + ", p50", .unit = "µs", .figures = {{"Eventloom", spread_of(of_rounds[0])}}});
        rows.push_back({.name = name + ", p99", .unit = "µs", .figures = {{"Eventloom", spread_of(of_rounds[1])}}});
        if (rate == quick) rows.back().target = Target::at_most(10'000);
        rows.back().note = "each event, until its row, which is asked for again and again, has it";
    }
    return rows;
}

} // namespace bench
