#include "door/admin_client.hpp"
#include "terminal/last_words.hpp"
#include "terminal/system_console.hpp"

#include <eventloom/service/command_line.hpp>
#include <eventloom/storage/system_files.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <new>
#include <system_error>

namespace eventloom {

namespace {

std::string working_directory()
{
    std::error_code gone;
    auto path = std::filesystem::current_path(gone);
    return gone ? "/" : path.string();
}

// By the service that runs, if one does.
result<std::optional<int>> carried_out_by_service(const CommandLine& line, const StopSignals& signals, Console& console)
{
    const CommandRequest request{.arguments         = line.words_for_service(),
                                 .working_directory = working_directory(),
                                 .data_directory    = line.root_directory(),
                                 .shape             = console.shape()};
    return ask_service(line.root_directory(), request, signals, console, line.patience());
}

int run_here(CommandLine& line, const std::vector<std::string>& words, const StopSignals& signals,
             SystemConsole& console, SystemExecutor& executor)
{
    if (const auto ended = line.read(words)) return *ended;
    executor.use_threads(line.threads());
    if (line.directory_use() == DirectoryUse::none) return line.carry_out();
    for (;;) {
        const auto by_service = carried_out_by_service(line, signals, console);
        if (not by_service) {
            report(console, by_service.error(), line.json());
            return static_cast<int>(by_service.error().code == "interrupted" ? ExitCode::interrupted
                                                                             : ExitCode::failed);
        }
        if (by_service.value()) return *by_service.value();
        const int ended = line.carry_out();
        if (not line.is_for_service()) return ended;
    }
}

} // namespace

int run(const Program& program, int argc, char** argv)
try {
    end_with_last_words();
    const StopSignals signals;     // before any thread
    std::signal(SIGXFSZ, SIG_IGN); // a file that may grow no more is an error like a full disk
    LastResort last_resort{signals};
    SystemConsole console{signals, last_resort};
    SystemExecutor executor{{.threads = 0}}; // what was typed says how many
    const Runtime runtime{system_clock(), executor, system_ids(), system_files(), program.log};
    CommandLine line{
        program,
        {.console = console, .runtime = runtime, .working_directory = working_directory(), .data_directory = {}}};
    int exit_code = run_here(line, {argv + std::min(argc, 1), argv + argc}, signals, console, executor);
    if (exit_code == 0 && not console.has_arrived()) {
        report(console,
               {Failure::storage, "output-lost",
                "wrote the answer to standard output and failed; check whether the disk is full"},
               line.json());
        exit_code = static_cast<int>(ExitCode::failed);
    }
    return exit_code;
} catch (const std::bad_alloc&) {
    std::fputs(
        "ran the command and found that it asks for more memory than there is; give it more, then run it again\n",
        stderr);
    return static_cast<int>(ExitCode::failed);
} catch (const std::system_error& error) {
    std::fprintf(stderr,
                 "ran the command and found that the system refuses what it needs (%s); %s, then run it again\n",
                 error.what(), what_to_do_about(error.what()).c_str());
    return static_cast<int>(ExitCode::failed);
}

} // namespace eventloom
