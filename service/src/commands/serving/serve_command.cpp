#include "command_line_state.hpp"
#include "commands/messaging/follower_commands.hpp"
#include "commands/messaging/topic_shown.hpp"
#include "commands/own_commands.hpp"
#include "commands/projections/projection_status.hpp"
#include "commands/sagas/saga_shown.hpp"
#include "commands/serving/log_options.hpp"
#include "door/admin_door.hpp"
#include "host/dead_letter_life.hpp"
#include "host/tenants.hpp"
#include "host/thread_watch.hpp"
#include "workers/workers_at_door.hpp"

#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/messaging/groups.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/messaging/subscriptions.hpp>
#include <eventloom/messaging/topics.hpp>
#include <eventloom/service/service.hpp>
#include <fmt/core.h>

#include <unistd.h>

namespace eventloom {

namespace {

constexpr Duration between_looks    = std::chrono::milliseconds{500};
constexpr std::uint64_t threads_max = 1'024;

Json json_of(const ConsumerGroupStatus& status)
{
    auto stopped = Json::array();
    for (const auto& stream : status.stopped) {
        stopped.push_back({{"stream", stream.stream},
                           {"position", stream.position},
                           {"attempts", stream.attempts},
                           {"error", stream.error.sentence}});
    }
    return {{"group", status.name}, {"position", status.checkpoint},
            {"lag", status.lag},    {"members", status.members.size()},
            {"stopped", stopped},   {"error", status.error ? Json(status.error->sentence) : Json(nullptr)}};
}

// What an activity's calls wait for, and whether its provider is down.
Json json_of(const ActivityState& activity)
{
    const auto time_of = [](const std::optional<Time>& time) { return time ? Json(to_string(*time)) : Json(nullptr); };
    return {{"activity", activity.name},
            {"running", activity.running},
            {"waiting", activity.waiting},
            {"faults", activity.faults},
            {"last_fault", activity.last_fault ? Json(activity.last_fault->sentence) : Json(nullptr)},
            {"stopped_since", time_of(activity.stopped_since)},
            {"tried_again_at", time_of(activity.tried_again_at)}};
}

// What the queues have in each state, and whether they are paused.
Json queues_of(Service& service)
{
    auto all          = Json::array();
    const auto queues = service.queues().list_queues();
    const auto listed = queues ? queues.value() : std::vector<QueueStatus>{}; // a service without queues has none open
    for (const auto& queue : listed) {
        auto jobs = Json::object();
        for (const auto& [state, number] : queue.jobs) jobs[std::string{to_string(state)}] = number;
        all.push_back({{"queue", queue.name},
                       {"workers", queue.workers},
                       {"workers_elsewhere", queue.workers_elsewhere},
                       {"running", queue.running},
                       {"jobs", jobs},
                       {"paused_until", json_of_pause(queue.paused_until)}});
    }
    return all;
}

// Everything that follows the log, with the same members each. An error is shown where its kind is.
Json followers_in(Service& service)
{
    auto all             = Json::array();
    const auto followers = service.followers().list();
    if (not followers) return all;
    for (const auto& one : followers.value()) all.push_back(json_of(one));
    return all;
}

std::string status_of(Service& service, const std::string& name, Time since)
{
    auto projections = Json::array();
    for (const auto& status : service.projections().status()) {
        auto whole = json_of(service.projections(), status);
        projections.push_back(whole ? std::move(whole.value()) : json_of(status));
    }
    auto sagas        = Json::object();
    const auto counts = service.sagas().count();
    if (counts) {
        for (const auto& [status, number] : counts.value()) sagas[std::string{to_string(status)}] = number;
    }
    auto paused = Json::array();
    for (const auto& [saga, pause] : service.sagas().paused()) {
        paused.push_back(json_of_pause(saga, pause));
    }
    auto unheard = Json::array();
    for (const auto& events : service.sagas().unheard()) {
        unheard.push_back(
            {{"saga", events.saga}, {"event", events.event}, {"why", events.why}, {"number", events.number}});
    }
    auto activities = Json::array();
    for (const auto& activity : service.sagas().activities()) activities.push_back(json_of(activity));
    auto groups = Json::array();
    for (const auto& status : service.groups().status()) groups.push_back(json_of(status));
    const auto topics       = topics_shown(service);
    const auto queues_error = service.queues().error();
    const auto fault        = counts ? service.sagas().error() : std::optional{counts.error()};
    return Json({{"service", name},
                 {"process", getpid()},
                 {"since", to_string(since)},
                 {"directory", service.directory()},
                 {"position", service.store().head()},
                 {"projections", projections},
                 {"sagas", sagas},
                 {"sagas_paused", paused},
                 {"sagas_unheard", unheard},
                 {"activities", activities},
                 {"sagas_error", fault ? Json(fault->sentence) : Json(nullptr)},
                 {"groups", groups},
                 {"queues", queues_of(service)},
                 {"queues_error", queues_error ? Json(queues_error->sentence) : Json(nullptr)},
                 {"topics", topics ? topics.value() : Json::array()},
                 {"topics_error", topics ? Json(nullptr) : Json(topics.error().sentence)},
                 {"followers", followers_in(service)},
                 {"notices", service.commands().notices()}})
        .dump();
}

// Opens each tenant once, so that its sagas go on, and closes idle ones, until the service is stopped.
void serve_until_stopped(Console& console, const Runtime& runtime, Service& service, Tenants& tenants)
{
    tenants.finish_removals();
    const auto found = tenants.list();
    if (not found) write_to(runtime.log, LogLevel::error, "tenants-not-listed", {}, found.error());
    for (const auto& tenant : found ? found.value() : std::vector<TenantStatus>{}) {
        if (not console.go_on()) return;
        if (not tenant.has_store) continue;
        const auto opened = tenants.use(tenant.name, false);
        if (opened) continue;
        write_to(runtime.log, LogLevel::error, "tenant-not-opened", {{"tenant", tenant.name}}, opened.error());
    }
    bool is_told           = false;
    const auto tell_faults = [&] {
        const auto fault = service.engine().upkeep->fault();
        if (not fault || std::exchange(is_told, true)) return;
        write_to(runtime.log, LogLevel::error, "store-closed", {{"directory", service.directory()}}, *fault);
    };
    ThreadWatch threads{runtime};
    LetterLife letters{runtime, service.followers(), service.dead_letters_live()};
    while (console.wait(between_looks)) {
        tell_faults();
        threads.look();
        letters.look();
        tenants.close_idle();
    }
    tell_faults();
}

AdminAnswers answers_of(CommandLine& line, OpenService& open_service, Tenants& tenants)
{
    const Program& program = line.state().program;
    Service& service       = open_service.service();
    return {.health = [&program, &service]() -> result<std::string> {
                if (auto faults = service.faults(); not faults.empty()) return std::move(faults.front());
                return Json({{"status", "ok"}, {"service", program.name}, {"process", getpid()}}).dump();
            },
            .status = [&program, &service,
                       since = line.runtime().clock.now()] { return status_of(service, program.name, since); },
            .carry_out =
                [&line, &program, &open_service, &tenants](const AdminCommand& command, Console& console) {
                    CommandLine sent{program,
                                     {.console           = console,
                                      .runtime           = line.runtime(),
                                      .working_directory = command.working_directory,
                                      .data_directory    = command.data_directory,
                                      .running           = &open_service,
                                      .tenants           = &tenants,
                                      .client_process_id = command.client_process_id}};
                    const auto ended = sent.read(command.arguments);
                    return ended ? *ended : sent.carry_out();
                },
            .worker = [&service](WorkerRequest request) { work::answer_worker(service, std::move(request)); }};
}

// Takes commands until it is stopped.
result<void> take_commands(CommandLine& line, Output& out, OpenService& open_service)
{
    Service& service = open_service.service();
    Tenants tenants{line.runtime(), line.data_directory(), line.state().open, {.engine = &line.engine()}};
    BOOST_OUTCOME_TRY(const auto door, AdminDoor::open(line.data_directory(), answers_of(line, open_service, tenants)));
    out.say(fmt::format("{} serves {} as process {}; Ctrl-C stops it.", line.state().program.name,
                        line.data_directory(), getpid()));
    if (out.json()) out.line({{"ready", true}, {"process", getpid()}, {"directory", line.data_directory()}});
    std::vector<std::string> names;
    for (const auto& status : service.projections().status()) {
        names.push_back(status.name);
        if (status.error) out.say(status.name + ": " + printable(status.error->sentence) + ".");
        say_what_is_built(out, status);
    }
    const auto said = say_what_is_unknown(out, service.projections(), names);
    if (not said) report(out.console(), said.error(), out.json());
    serve_until_stopped(out.console(), line.runtime(), service, tenants);
    return done();
}

struct ServeOptions {
    LogOptions log;
    bool no_workers = false;
};

result<void> serve(CommandLine& line, Output& out, const ServeOptions& options)
{
    auto& state = line.state();
    if (not state.tenant.empty()) {
        return fail(Failure::invalid, "serve-with-a-tenant",
                    "asked to serve the tenant " + state.tenant + " alone; serve all of " + line.root_directory() +
                        " without --tenant: each tenant is opened when it is used");
    }
    out.console().ends_well_when_stopped();
    begin_log(line, out, options.log);
    state.serves = true;
    BOOST_OUTCOME_TRY(auto* const open_service, line.open(true));
    Service& service = open_service->service();
    if (options.no_workers) {
        service.queues().work_only_elsewhere();
        service.groups().work_only_elsewhere();
    }
    BOOST_OUTCOME_TRY(service.start());
    BOOST_OUTCOME_TRY(service.groups().start());
    BOOST_OUTCOME_TRY(service.queues().start());
    BOOST_OUTCOME_TRY(service.topics().start());
    BOOST_OUTCOME_TRY(service.subscriptions().start());
    const auto& name = line.state().program.name;
    BOOST_OUTCOME_TRY(call_user_code("on_serve of", name, [&] { return open_service->on_serve(); }));
    auto served  = take_commands(line, out, *open_service);
    auto stopped = call_user_code("on_stop of", name, [&] { return open_service->on_stop(); });
    service.stop();
    if (out.console().shape().out_is_terminal) out.say(""); // after the ^C
    if (served) return stopped;
    if (not stopped) write_to(line.runtime().log, LogLevel::error, "on-stop-failed", {}, stopped.error());
    return served;
}

} // namespace

void add_serve_command(CommandLine& line)
{
    const auto options = std::make_shared<ServeOptions>();
    const auto command = line.app().add_subcommand("serve", "Run the service until Ctrl-C or SIGTERM");
    command.add_option("--threads", line.state().threads, "How many threads run projections, sagas and subscriptions")
        .check(whole_number(1, threads_max));
    command.add_flag("--no-workers", options->no_workers,
                     "Work on no jobs and handle no events of groups in this process: workers in others do "
                     "(`work QUEUE`, `groups work GROUP`)");
    add_log_options(command, options->log);
    line.on(
        command, [&line, options](Output& out) { return serve(line, out, *options); }, DirectoryUse::alone);
}

} // namespace eventloom
