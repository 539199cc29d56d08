#include "commands/serving/worker_process.hpp"

#include "command_line_state.hpp"
#include "terminal/line_log.hpp"
#include "workers/program_of_worker.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/detail/arguments.hpp>

#include <fmt/core.h>

#include <climits>
#include <unistd.h>

namespace eventloom {

namespace {

constexpr std::uint64_t workers_max = 1'024;

// "host-7/4711"
std::string name_of_this_process()
{
    char host[HOST_NAME_MAX + 1] = {};
    if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
    return fmt::format("{}/{}", std::string_view{host}.substr(0, 64), ::getpid());
}

// As long as a queue or a group gives something away for.
Check span_of_lease()
{
    return {[](const std::string& word) {
        const auto span = parse_span(word);
        return span && *span >= std::chrono::seconds{1} && *span <= std::chrono::hours{1}
                   ? std::string{}
                   : in_quotes(word) + " is no span of time from 1s to 1h, such as 30s or 5m";
    }};
}

} // namespace

void add_work_options(Command command, const std::shared_ptr<WorkArguments>& arguments,
                      const std::string& about_workers)
{
    command.add_option("--workers", arguments->threads, about_workers).check(whole_number(1, workers_max));
    command
        .add_option_function(
            "--lease", [arguments](const std::string& word) { arguments->lease = parse_span(word); },
            "How long what it has is this worker's while the service hears nothing of it (default: 30s; of a group: as "
            "the program says)")
        .type_name("SPAN")
        .check(span_of_lease());
    command.add_option("--name", arguments->name, "Of this worker, for people (default: host and process)")
        .check(not_empty());
    add_log_options(command, arguments->log);
}

result<void> work_until_stopped(CommandLine& line, Output& out, WorkArguments arguments, const char* kind,
                                const WorkIn& work_in)
{
    if (line.is_running_service()) {
        return fail(Failure::invalid, "work-in-service",
                    "asked the service to be a worker process; start the worker as a program of its own");
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
    if (arguments.name.empty()) arguments.name = name_of_this_process();
    BOOST_OUTCOME_TRY(const auto opened, work::open_for_work(line.runtime(), state.open));
    BOOST_OUTCOME_TRY(auto work, work_in(*opened.program, arguments));
    out.say(fmt::format("{} works on {} for the service in {} as {}; Ctrl-C stops it.", state.program.name,
                        printable(arguments.of), line.data_directory(), printable(arguments.name)));
    if (out.json()) {
        out.line({{"ready", true},
                  {"process", getpid()},
                  {kind, arguments.of},
                  {"worker", arguments.name},
                  {"workers", arguments.threads}});
    }
    work::Worker worker{line.runtime(),
                        std::move(work),
                        {.directory = line.root_directory(), .threads = arguments.threads, .lease = *arguments.lease}};
    return worker.run([&](Duration span) { return out.console().wait(span).has_value(); });
}

} // namespace eventloom
