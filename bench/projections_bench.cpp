// How fast are read models made anew, beside LevelDB reading the same events and writing the same rows; and how fast do
// they answer?
#include "benches.hpp"

#include "support/orders/projected_log.hpp"
#include "support/orders/projection_queries.hpp"
#include "support/phases.hpp"

#include <eventloom/service/output.hpp>

#include <fmt/core.h>

namespace bench {

namespace {

namespace el = eventloom;

// The yardstick's rows stay in `raw`.
std::vector<Figure> keyed_rebuild(ProjectedLog& log, RawRows& raw, const Scale& scale)
{
    say("projections: rebuild of one keyed by order");
    log.rebuild({"orders"});
    const auto rows    = log.order_rows();
    const auto by_hand = [&] {
        std::uint64_t events = 0;
        log.leveldb().read_log([&](const SeenEvent& event) { require(event.position == ++events, "no gap"); });
        require(events == log.events(), "the whole log is read");
        raw.write(rows);
        return events;
    };
    return measure_in_turns(scale.rounds,
                            {{"Eventloom", [&] { return log.rebuild({"orders"}); }},
                             {"LevelDB, the same events read and the rows written", by_hand, [&] { raw.reopen(); }}});
}

// Seconds: the pass, and the slowest of those that were rebuilt alone.
Row five_in_one_pass(ProjectedLog& log, const Scale& scale)
{
    say("projections: five in one pass");
    std::vector<double> together;
    std::vector<std::vector<double>> alone(all_projections.size());
    for (unsigned round = 0; round < scale.rounds; ++round) {
        together.push_back(seconds_of([&] { log.rebuild(all_projections); }));
        for (std::size_t i = 0; i < alone.size(); ++i) {
            alone[i].push_back(seconds_of([&] { log.rebuild({all_projections[i]}); }));
        }
    }
    const auto slowest = std::max_element(alone.begin(), alone.end(), [](const auto& one, const auto& other) {
        return spread_of(one).median < spread_of(other).median;
    });
    const auto& name   = all_projections[static_cast<std::size_t>(slowest - alone.begin())];
    return {.name    = "rebuild of five projections in one pass",
            .unit    = "s",
            .target  = Target::at_most_times_the_last(2),
            .figures = {{"Eventloom", spread_of(together)}, {"the slowest alone, " + name, spread_of(*slowest)}}};
}

Row hot_rows(ProjectedLog& log, const Scale& scale)
{
    say("projections: few hot rows");
    return {.name    = "rebuild of one projection with eight rows",
            .unit    = "events/s",
            .target  = Target::at_least(1'500'000),
            .figures = measure_in_turns(scale.rounds, {{"Eventloom", [&] { return log.rebuild({"activity"}); }}})};
}

Row through_sqlite(ProjectedLog& log, const Scale& scale)
{
    say("projections: catch-up through SQLite");
    const auto rounds  = std::min(scale.rounds, 3u);
    const auto indexed = lives::orders();
    const auto plain   = lives::plain_orders();
    const auto both    = measure_in_turns(rounds, {{"Eventloom", [&] { return log.catch_up_in_sqlite(indexed); }},
                                                   {"no index", [&] { return log.catch_up_in_sqlite(plain); }}});
    return {.name    = "catch-up of a row an order through SQLite, from nothing to the head",
            .unit    = "events/s",
            .target  = Target::at_least(250'000),
            .figures = {both.front()},
            .note    = "one index; without it " +
                    el::with_separators(static_cast<std::int64_t>(both.back().spread.median)) + "/s"};
}

// In a process of its own, with the log to itself.
Row memory_of_a_rebuild(const ProjectedLog::Shape& shape, const std::string& directory)
{
    say("projections: memory of a rebuild");
    const auto events = shape.orders * lives::events_of_an_order;
    const auto report = run_phase("rebuild", directory, events);
    return {.name    = fmt::format("peak memory of a rebuild, {} events, {} rows, {} orders open at a time",
                                   el::with_separators(static_cast<std::int64_t>(events)),
                                   el::with_separators(static_cast<std::int64_t>(shape.orders)),
                                   el::with_separators(static_cast<std::int64_t>(shape.open))),
            .unit    = "MiB",
            .target  = Target::at_most(512),
            .figures = {once("Eventloom", report.at("peak_mib"))}};
}

void measure_usual_lives(std::vector<Row>& rows, std::uint64_t orders, const Scale& scale)
{
    const ProjectedLog::Shape shape{.name = "lives", .orders = orders, .open = lives::orders_open};
    std::string directory;
    {
        ProjectedLog log{shape};
        RawRows raw;
        directory = log.directory();
        rows.push_back({.name    = "rebuild of one projection with a row an order",
                        .unit    = "events/s",
                        .target  = Target::times_the_better(0.5),
                        .figures = keyed_rebuild(log, raw, scale),
                        .note    = "ten events an order, 20,000 orders open at a time; at least 1,000,000/s"});
        rows.push_back(five_in_one_pass(log, scale));
        rows.push_back(hot_rows(log, scale));
        rows.push_back(through_sqlite(log, scale));
        rows.push_back(point_query(log, raw, scale));
        for (auto& row : queries_during_rebuild(log, scale)) rows.push_back(std::move(row));
    }
    rows.push_back(memory_of_a_rebuild(shape, directory));
    remove_directory(directory);
}

// Every row is touched again only when all others have been: nothing that is kept in memory helps.
void measure_lives_without_locality(std::vector<Row>& rows, std::uint64_t orders, const Scale& scale)
{
    const ProjectedLog::Shape shape{.name = "turns", .orders = orders, .open = orders};
    std::string directory;
    {
        ProjectedLog log{shape};
        RawRows raw;
        directory = log.directory();
        rows.push_back({.name    = "rebuild of one projection with a row an order, all orders moving in turn",
                        .unit    = "events/s",
                        .figures = keyed_rebuild(log, raw, scale),
                        .note    = "the worst case: every row is touched again only when all others have been"});
    }
    rows.push_back(memory_of_a_rebuild(shape, directory));
    remove_directory(directory);
}

} // namespace

std::vector<Row> measure_projections(const Scale& scale)
{
    const auto orders = scale.of(50, 1) * lives::orders_open;
    std::vector<Row> rows;
    measure_usual_lives(rows, orders, scale);
    measure_lives_without_locality(rows, orders, scale);
    for (auto& row : acknowledged_to_queryable(scale)) rows.push_back(std::move(row));
    return rows;
}

} // namespace bench
