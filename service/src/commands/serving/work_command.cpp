// A worker process: the program's handlers, without its log, for the service that runs.
#include "command_line_state.hpp"
#include "commands/own_commands.hpp"
#include "commands/serving/log_options.hpp"
#include "terminal/line_log.hpp"
#include "work/program_of_worker.hpp"
#include "work/worker.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/detail/arguments.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>

#include <climits>
#include <unistd.h>

namespace eventloom {

namespace {

constexpr std::uint64_t workers_max = 1'024;

struct WorkArguments {
    std::string queue;
    std::string name;
    std::uint32_t workers = 0;
    Duration lease        = std::chrono::seconds{30};
    LogOptions log;
};

// "host-7/4711"
std::string name_of_this_process()
{
    char host[HOST_NAME_MAX + 1] = {};
    if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
    return fmt::format("{}/{}", std::string_view{host}.substr(0, 64), ::getpid());
}

// As long as an engine gives a job away for.
Check span_of_lease()
{
    return {[](const std::string& word) {
        const auto span = parse_span(word);
        return span && *span <= std::chrono::hours{1}
                   ? std::string{}
                   : in_quotes(word) + " is no span of time from 1s to 1h, such as 30s or 5m";
    }};
}

result<void> work_on_queue(CommandLine& line, Output& out, const WorkArguments& arguments)
{
    if (line.is_running_service()) {
        return fail(Failure::invalid, "work-in-service",
                    "asked the service to be a worker process; start `work` as a program of its own");
    }
    auto& state = line.state();
    if (not state.tenant.empty()) {
        return fail(
            Failure::invalid, "work-with-a-tenant",
            "asked to work for the tenant " + state.tenant +
                "; workers in other processes are for the service itself, and tenants have those of the service");
    }
    out.console().ends_well_when_stopped();
    begin_log(line, out, arguments.log);
    BOOST_OUTCOME_TRY(const auto opened, work::open_for_work(line.runtime(), state.open));
    BOOST_OUTCOME_TRY(auto handler, opened.program->service().queues().handler_of(arguments.queue));
    const unsigned workers = arguments.workers > 0 ? arguments.workers : std::max(1U, handler.workers);
    const auto name        = arguments.name.empty() ? name_of_this_process() : arguments.name;
    out.say(fmt::format("{} works on {} for the service in {} as {}; Ctrl-C stops it.", state.program.name,
                        arguments.queue, line.data_directory(), name));
    if (out.json()) {
        out.line({{"ready", true},
                  {"process", getpid()},
                  {"queue", arguments.queue},
                  {"worker", name},
                  {"workers", workers}});
    }
    work::Worker worker{line.runtime(),
                        std::move(handler),
                        {.directory = line.root_directory(),
                         .queue     = arguments.queue,
                         .name      = name,
                         .workers   = workers,
                         .lease     = arguments.lease}};
    return worker.run([&](Duration span) { return out.console().wait(span).has_value(); });
}

} // namespace

void add_work_command(CommandLine& line)
{
    const auto arguments = std::make_shared<WorkArguments>();
    const auto command   = line.app().add_subcommand(
        "work", "Work on the jobs of a queue in this process, for the service that runs, until Ctrl-C or SIGTERM");
    command.add_option("queue", arguments->queue, "Its name").required();
    command
        .add_option("--workers", arguments->workers,
                    "Jobs at the same time (default: as the program says for the queue)")
        .check(whole_number(1, workers_max));
    command
        .add_option_function(
            "--lease",
            [arguments](const std::string& word) { arguments->lease = parse_span(word).value_or(arguments->lease); },
            "How long a job is this worker's while the service hears nothing of it (default 30s)")
        .type_name("SPAN")
        .check(span_of_lease());
    command.add_option("--name", arguments->name, "Of this worker, for people (default: host and process)")
        .check(not_empty());
    add_log_options(command, arguments->log);
    line.on(
        command, [&line, arguments](Output& out) { return work_on_queue(line, out, *arguments); }, DirectoryUse::none);
}

} // namespace eventloom
