// What the commands that are a worker process have in common: `work QUEUE` and `groups work GROUP`.
#pragma once

#include "commands/serving/log_options.hpp"
#include "workers/worker.hpp"

#include <eventloom/service/detail/command.hpp>
#include <eventloom/service/detail/open_service.hpp>
#include <eventloom/service/output.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace eventloom {

class CommandLine;

struct WorkArguments {
    std::string of;   // the queue, or the group
    std::string name; // empty: host and process
    std::uint32_t threads = 0;
    std::optional<Duration> lease;
    LogOptions log;
};

// --workers, --lease, --name, and those of the log.
void add_work_options(Command command, const std::shared_ptr<WorkArguments>& arguments,
                      const std::string& about_workers);

// What it works on, once the program is opened for its handlers. It fills in what the arguments leave open.
using WorkIn = std::function<result<std::unique_ptr<const work::Work>>(OpenService& program, WorkArguments& arguments)>;

// Works until it is stopped. `kind`: "queue" or "group".
// Failure::invalid "work-in-service", "work-with-a-tenant"; and what the service refuses.
result<void> work_until_stopped(CommandLine& line, Output& out, WorkArguments arguments, const char* kind,
                                const WorkIn& work_in);

} // namespace eventloom
