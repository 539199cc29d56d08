// A worker process: the program's handlers of jobs, without its log, for the service that runs.
#include "commands/own_commands.hpp"
#include "commands/serving/worker_process.hpp"
#include "workers/job_work.hpp"

#include <eventloom/messaging/queues.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

#include <algorithm>

namespace eventloom {

namespace {

constexpr Duration lease_of_a_job = std::chrono::seconds{30};

result<std::unique_ptr<const work::Work>> work_of_queue(OpenService& program, WorkArguments& arguments)
{
    BOOST_OUTCOME_TRY(auto handler, program.service().queues().handler_of(arguments.of));
    if (arguments.threads == 0) arguments.threads = std::max(1U, handler.workers);
    if (not arguments.lease) arguments.lease = lease_of_a_job;
    return work::jobs_of(arguments.of, std::move(handler), {arguments.name, *arguments.lease});
}

} // namespace

void add_work_command(CommandLine& line)
{
    const auto arguments = std::make_shared<WorkArguments>();
    const auto command   = line.app().add_subcommand(
        "work", "Work on the jobs of a queue in this process, for the service that runs, until Ctrl-C or SIGTERM");
    command.add_option("queue", arguments->of, "Its name").required();
    add_work_options(command, arguments, "Jobs at the same time (default: as the program says for the queue)");
    line.on(
        command,
        [&line, arguments](Output& out) { return work_until_stopped(line, out, *arguments, "queue", work_of_queue); },
        DirectoryUse::none);
}

} // namespace eventloom
