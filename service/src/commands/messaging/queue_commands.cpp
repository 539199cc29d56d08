// Work queues: what they have, and who pauses them. Jobs have commands of their own (job_commands.cpp).
#include "commands/messaging/follower_commands.hpp"
#include "commands/messaging/open_queues.hpp"
#include "commands/own_commands.hpp"
#include "commands/watching.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/detail/arguments.hpp>
#include <eventloom/service/service.hpp>

#include <array>

namespace eventloom {

result<Queues*> open_queues(CommandLine& line, bool create_if_missing)
{
    BOOST_OUTCOME_TRY(auto* const open_service, line.open(create_if_missing));
    Queues& queues = open_service->service().queues();
    BOOST_OUTCOME_TRY(queues.open());
    return &queues;
}

namespace {

struct QueueArguments {
    std::string queue;
    std::string because;
    std::string until;
    std::optional<std::uint64_t> workers;
    std::optional<double> per_second;
    bool clear = false;
};

constexpr std::array states{JobState::waiting, JobState::scheduled, JobState::completed, JobState::cancelled,
                            JobState::expired, JobState::dead,      JobState::discarded};

std::uint64_t jobs_in(const QueueStatus& queue, JobState state)
{
    const auto found = queue.jobs.find(state);
    return found == queue.jobs.end() ? 0 : found->second;
}

void list_queues(Output& out, const std::vector<QueueStatus>& queues)
{
    std::vector<Column> columns{
        {"queue"}, {"workers", Align::right}, {"elsewhere", Align::right}, {"running", Align::right}};
    for (const auto state : states) columns.push_back({std::string{to_string(state)}, Align::right});
    columns.push_back({"paused"});
    TableRows rows;
    for (const auto& queue : queues) {
        std::vector<Json> row{queue.name, queue.workers, queue.workers_elsewhere, queue.running};
        for (const auto state : states) row.emplace_back(jobs_in(queue, state));
        row.push_back(json_of_pause(queue.paused_until));
        rows.push_back(std::move(row));
    }
    out.table(columns, rows);
}

result<void> show_with_recurring(Output& out, Json& properties, const Queues& queues, const std::string& name)
{
    BOOST_OUTCOME_TRY(const auto recurring, queues.recurring());
    const std::vector<Column> columns{{"recurs"}, {"when"}, {"missed"}, {"last"}, {"next"}};
    const auto time_of = [](const std::optional<Time>& time) { return time ? Json(to_string(*time)) : Json(nullptr); };
    TableRows rows;
    auto as_json = Json::array();
    for (const auto& job : recurring) {
        if (job.queue != name) continue;
        rows.push_back({job.name, job.when, to_string(job.missed), time_of(job.last), time_of(job.next)});
        auto one = Json::object();
        for (std::size_t i = 0; i < columns.size(); ++i) one[columns[i].name] = rows.back()[i];
        as_json.push_back(one);
    }
    if (out.json()) properties["recurring"] = as_json;
    out.properties(properties);
    if (out.json() || rows.empty()) return done();
    out.say("");
    out.table(columns, rows);
    return done();
}

Json json_of(const QueueLimits& limits)
{
    return {{"workers limit", limits.workers ? Json(*limits.workers) : Json(nullptr)},
            {"per second limit", limits.per_second ? Json(*limits.per_second) : Json(nullptr)}};
}

result<void> show(Output& out, const Queues& queues, const std::string& name)
{
    BOOST_OUTCOME_TRY(const auto queue, queues.status(name));
    Json properties{{"queue", queue.name},
                    {"workers", queue.workers},
                    {"elsewhere", queue.workers_elsewhere},
                    {"running", queue.running}};
    for (const auto state : states) properties[std::string{to_string(state)}] = jobs_in(queue, state);
    properties["paused"] = json_of_pause(queue.paused_until);
    properties.update(json_of(queue.limits));
    return show_with_recurring(out, properties, queues, name);
}

} // namespace

void add_queue_commands(CommandLine& line)
{
    const auto arguments = std::make_shared<QueueArguments>();
    const auto queues    = line.app().add_subcommand("queues", "Work queues: list, show, pause, resume, limit");
    queues.require_subcommand();

    const auto list_command = queues.add_subcommand("list", "All queues, and how many jobs each has in which state");
    add_watched(line, list_command, [&line](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(const auto* const opened, open_queues(line));
        BOOST_OUTCOME_TRY(const auto all, opened->list_queues());
        list_queues(out, all);
        return done();
    });

    const auto show_command = queues.add_subcommand("show", "One queue");
    show_command.add_option("queue", arguments->queue, "Its name").required();
    add_watched(line, show_command, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(const auto* const opened, open_queues(line));
        return show(out, *opened, arguments->queue);
    });

    const auto pause = queues.add_subcommand("pause", "Begin no more jobs of a queue; those that run go on");
    pause.add_option("queue", arguments->queue, "Its name").required();
    pause.add_option("--until", arguments->until, "Resume by itself at this time: 2026-12-24T18:00:00Z")
        .check(point_in_time());
    pause.add_option("--because", arguments->because, "The reason, for the history");
    line.on(pause, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const opened, open_queues(line));
        const Time until = parse_time(arguments->until).value_or(Time::max());
        BOOST_OUTCOME_TRY(opened->pause(arguments->queue, arguments->because, until));
        out.properties({{"queue", arguments->queue}, {"paused", json_of_pause(until)}});
        return done();
    });

    const auto limit = queues.add_subcommand(
        "limit", "Limit what a queue does at once, until it is limited otherwise; the other limit stays");
    limit.add_option("queue", arguments->queue, "Its name").required();
    limit.add_option("--workers", arguments->workers, "At most so many of the service's own workers")
        .check(whole_number(1, 1'000'000));
    limit.add_option("--per-second", arguments->per_second, "At most so many jobs begin in a second; 0: any number")
        .check(rate(1e6));
    limit.add_flag("--clear", arguments->clear, "As the program says");
    limit.add_option("--because", arguments->because, "The reason, for the history");
    line.on(limit, [&line, arguments](Output& out) -> result<void> {
        QueueLimits limits{std::nullopt, arguments->per_second};
        if (arguments->workers) limits.workers = static_cast<std::uint32_t>(*arguments->workers);
        if (arguments->clear == (limits != QueueLimits{})) {
            return fail(Failure::invalid, "wrong-usage", "give --workers, --per-second or both; or --clear alone");
        }
        BOOST_OUTCOME_TRY(auto* const opened, open_queues(line));
        BOOST_OUTCOME_TRY(const auto standing, opened->limit(arguments->queue, limits, arguments->because));
        Json properties{{"queue", arguments->queue}};
        properties.update(json_of(standing));
        out.properties(properties);
        return done();
    });

    const auto resume = queues.add_subcommand("resume", "Go on with a queue that is paused");
    resume.add_option("queue", arguments->queue, "Its name").required();
    resume.add_option("--because", arguments->because, "The reason, for the history");
    line.on(resume, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const opened, open_queues(line));
        BOOST_OUTCOME_TRY(opened->resume(arguments->queue, arguments->because));
        out.properties({{"queue", arguments->queue}, {"paused", nullptr}});
        return done();
    });
}

} // namespace eventloom
