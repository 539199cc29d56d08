// The jobs of queues: looked at, enqueued by hand, and stepped in for. A dead letter of a queue is a job that is dead.
#include "command_line_state.hpp"
#include "commands/messaging/open_queues.hpp"
#include "commands/own_commands.hpp"
#include "commands/watching.hpp"
#include "json/limited_json.hpp"
#include "json/value_of_json.hpp"

#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/detail/arguments.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

struct JobArguments {
    std::string id;
    std::string because;
    std::string type;
    std::string json;
    std::string queue;
    std::string state;
    std::string key;
    std::string unique;
    std::string not_before;
    std::string expires;
    std::vector<std::string> labels;
    std::uint32_t priority = 5;
    std::size_t limit      = 1'000;
};

const std::vector<Column> columns{
    {"job"},  {"queue"}, {"type"},     {"state"},  {"priority", Align::right}, {"key"}, {"attempts", Align::right},
    {"code"}, {"due"},   {"enqueued"}, {"changed"}};

// What failed before a job was done at last is in its history.
std::optional<Error> standing_error(const JobStatus& job)
{
    return job.state == JobState::completed ? std::nullopt : job.last;
}

std::vector<Json> row_of(const JobStatus& job)
{
    const auto error = standing_error(job);
    return {to_string(job.id),
            job.queue,
            job.type,
            to_string(job.state),
            job.priority,
            job.key.empty() ? Json(nullptr) : Json(job.key),
            job.attempts,
            error ? Json(error->code) : Json(nullptr),
            job.due ? Json(to_string(*job.due)) : Json(nullptr),
            to_string(job.enqueued),
            to_string(job.changed)};
}

result<Uuid> id_of(const std::string& word)
{
    if (const auto id = parse_uuid(word)) return *id;
    return fail(Failure::invalid, "not-a-job-id",
                "asked for the job \"" + word + "\", which is no id of a job; `jobs list` shows them");
}

result<void> show(Output& out, const Queues& queues, const Uuid& id)
{
    BOOST_OUTCOME_TRY(const auto details, queues.show(id));
    auto properties = Json::object();
    const auto row  = row_of(details.job);
    for (std::size_t i = 0; i < columns.size(); ++i) properties[columns[i].name] = row[i];
    properties["data"]     = Json::parse(details.data_json).value_or(details.data_json);
    properties["labels"]   = details.labels;
    const auto error       = standing_error(details.job);
    properties["error"]    = error ? Json(error->sentence) : Json(nullptr);
    properties["result"]   = details.result.empty() ? Json(nullptr) : Json(details.result);
    properties["progress"] = details.progress.empty() ? Json(nullptr) : Json(details.progress);
    properties["why"]      = details.why.empty() ? Json(nullptr) : Json(details.why);
    TableRows history;
    auto history_json = Json::array();
    for (const auto& entry : details.history) {
        history.push_back({to_string(entry.at), entry.what, entry.detail});
        history_json.push_back({{"at", to_string(entry.at)}, {"what", entry.what}, {"detail", entry.detail}});
    }
    if (out.json()) properties["history"] = history_json;
    out.properties(properties);
    if (out.json()) return done();
    out.say("");
    out.table({{"at"}, {"what"}, {"detail"}}, history);
    return done();
}

result<void> enqueue(CommandLine& line, Output& out, const JobArguments& arguments)
{
    BOOST_OUTCOME_TRY(const auto json, parse_limited_json(arguments.json, typed_json_depth_max));
    // A tenant whose name was mistyped is not to become one.
    BOOST_OUTCOME_TRY(auto* const queues, open_queues(line, line.state().tenant.empty()));
    JobOptions options{.priority   = arguments.priority,
                       .not_before = parse_time(arguments.not_before),
                       .expires    = parse_time(arguments.expires),
                       .key        = arguments.key,
                       .labels     = arguments.labels};
    if (not arguments.unique.empty()) options.unique = UniqueJob{arguments.unique};
    const auto fill = [&](const detail::Description& type, void* job) {
        return read_json(type, job, "the job " + in_quotes(arguments.type), json);
    };
    BOOST_OUTCOME_TRY(const auto enqueued, queues->enqueue(arguments.type, fill, options, arguments.queue));
    out.properties(
        {{"job", to_string(enqueued.id)}, {"position", enqueued.position}, {"stood before", enqueued.stood_before}});
    return done();
}

void add_looking_commands(CommandLine& line, Command jobs, const std::shared_ptr<JobArguments>& arguments)
{
    const auto list = jobs.add_subcommand("list", "Jobs by queue and state, or those with these properties");
    list.add_option("--queue", arguments->queue, "Of this queue");
    list.add_option("--state", arguments->state, "In this state")
        .check(one_of({"waiting", "scheduled", "running", "completed", "cancelled", "expired", "dead", "discarded"}));
    list.add_option("--type", arguments->type, "Of this type");
    list.add_option("--key", arguments->key, "With this key");
    list.add_option("-n,--limit", arguments->limit, "At most this many").check(whole_number());
    line.on(
        list,
        [&line, arguments](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(const auto* const queues, open_queues(line));
            const JobFilter filter{.queue = arguments->queue,
                                   .state = parse_job_state(arguments->state),
                                   .type  = arguments->type,
                                   .key   = arguments->key};
            BOOST_OUTCOME_TRY(const auto found, queues->list(filter, arguments->limit));
            TableRows rows;
            for (const auto& job : found) rows.push_back(row_of(job));
            out.table(columns, rows);
            if (found.size() == arguments->limit) out.say("... and perhaps more; --limit shows them");
            return done();
        },
        DirectoryUse::reading);

    const auto show_command = jobs.add_subcommand("show", "One job, with its history");
    show_command.add_option("job", arguments->id, "Its id").required();
    add_watched(line, show_command, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(const auto id, id_of(arguments->id));
        BOOST_OUTCOME_TRY(const auto* const queues, open_queues(line));
        return show(out, *queues, id);
    });

    const auto why = jobs.add_subcommand("why", "Why a job waits");
    why.add_option("job", arguments->id, "Its id").required();
    line.on(
        why,
        [&line, arguments](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(const auto id, id_of(arguments->id));
            BOOST_OUTCOME_TRY(const auto* const queues, open_queues(line));
            BOOST_OUTCOME_TRY(const auto reason, queues->why(id));
            out.properties({{"job", to_string(id)}, {"why", reason}});
            return done();
        },
        DirectoryUse::reading);
}

void add_enqueue_command(CommandLine& line, Command jobs, const std::shared_ptr<JobArguments>& arguments)
{
    const auto command = jobs.add_subcommand("enqueue", "Enqueue a job of a type, given as JSON");
    command.add_option("type", arguments->type, "The stored name of the job").required();
    command.add_option("json", arguments->json, "The job: {\"to\": \"ada@example.org\"}").required();
    command.add_option("--queue", arguments->queue, "In this queue, if several have jobs of the type");
    command.add_option("--priority", arguments->priority, "0 to 9; a higher one goes first (default 5)")
        .check(whole_number(0, 9));
    command.add_option("--key", arguments->key, "The key under whose limits it is");
    command.add_option("--unique", arguments->unique, "Only if no other job with this unique key stands");
    command.add_option("--label", arguments->labels, "For people").one_word_each_time();
    command.add_option("--not-before", arguments->not_before, "Begin it at this time at the earliest")
        .check(point_in_time());
    command.add_option("--expires", arguments->expires, "Do not begin it after this time").check(point_in_time());
    line.on(command, [&line, arguments](Output& out) { return enqueue(line, out, *arguments); });
}

} // namespace

void add_job_commands(CommandLine& line)
{
    const auto arguments = std::make_shared<JobArguments>();
    const auto jobs =
        line.app().add_subcommand("jobs", "Jobs of queues: list, show, why, enqueue, cancel, retry, promote, discard");
    jobs.require_subcommand();
    add_looking_commands(line, jobs, arguments);
    add_enqueue_command(line, jobs, arguments);
    using Act          = result<void> (Queues::*)(const Uuid&, std::string_view);
    const auto add_act = [&](const char* name, const char* about, Act act) {
        const auto command = jobs.add_subcommand(name, about);
        command.add_option("job", arguments->id, "Its id").required();
        command.add_option("--because", arguments->because, "The reason, for the job's history");
        line.on(command, [&line, arguments, act](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(const auto id, id_of(arguments->id));
            BOOST_OUTCOME_TRY(auto* const queues, open_queues(line));
            BOOST_OUTCOME_TRY((queues->*act)(id, arguments->because));
            return show(out, *queues, id);
        });
    };
    add_act("cancel", "Do not begin a job, or ask its handler to stop; it cannot be completed any more",
            &Queues::cancel);
    add_act("retry", "Work on a dead letter again, with all its attempts", &Queues::retry);
    add_act("promote", "Let a job that waits for a time wait no more", &Queues::promote);
    add_act("discard", "Leave a dead letter for good", &Queues::discard);
}

} // namespace eventloom
