#include <eventloom/service/arguments.hpp>
#include <eventloom/service/command_line.hpp>

#include "directory_holder.hpp"

#include <eventloom/framework/ensure.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/framework/user_code.hpp>
#include <eventloom/service/tenants.hpp>

#include <CLI/Option.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <unistd.h>

namespace eventloom {

CommandLine::CommandLine(const Program& program, CommandPlace place)
    : program_{program}, place_{std::move(place)}, app_{program.summary, program.name}
{
    app_.require_subcommand(1);
    app_.fallthrough(); // --data and --json may stand behind the subcommand too
    app_.set_help_all_flag("--help-all", "Show the help of every command");
    app_.add_option("--data", directory_, "Where the data is kept (default: the user's data directory)")
        ->check(not_empty());
    app_.add_option("--tenant", tenant_, "Whose data, of several that are kept there side by side")
        ->type_name("NAME")
        ->check(not_empty());
    app_.add_flag("--json", json_, "Answer with one JSON document");
    knows(event_types<StreamSettings>());
    on(
        app_.add_subcommand("help", "Show this help"),
        [this](Output& out) -> result<void> {
            out.say(app_.help());
            return done();
        },
        DirectoryUse::none);
    add_serve_command();
    add_tenant_commands();
    add_projection_commands();
    add_query_command();
    add_dead_letter_commands();
    add_saga_commands();
    add_log_commands();
    add_store_commands();
    program_.set_up(*this);
}

CommandLine::~CommandLine() = default;

void CommandLine::knows(const EventTypes& types)
{
    for (const EventType& type : types) {
        ensure(types_.emplace(type.name, &type).second, "two aggregates have events of one stored name");
    }
}

void CommandLine::on(CLI::App* command, Action action, DirectoryUse use)
{
    command->callback([this, command, action = std::move(action), use] {
        chosen_         = action;
        chosen_command_ = command;
        chosen_use_     = use;
    });
}

std::string CommandLine::data_directory() const
{
    return tenant_.empty() ? root_directory() : tenant_directory(root_directory(), tenant_).value();
}

std::string CommandLine::root_directory() const
{
    if (is_running_service()) return place_.data_directory;
    if (not directory_.empty()) return directory_;
    if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0') {
        return std::string{data} + "/" + program_.name;
    }
    const char* home = std::getenv("HOME");
    return (home != nullptr && *home != '\0' ? std::string{home} + "/.local/share/" : std::string{"./"}) +
           program_.name;
}

std::string CommandLine::path_of(const std::string& file) const
{
    if (not file.starts_with('/')) return place_.working_directory + "/" + file;
    if (not is_running_service()) return file;
    // What these name is another process's here.
    const std::string process = "/proc/" + std::to_string(place_.client_process_id);
    if (file == "/dev/stdin") return process + "/fd/0";
    if (file.starts_with("/dev/fd/")) return process + file.substr(4);
    if (file.starts_with("/proc/self/")) return process + file.substr(10);
    return file;
}

result<void> CommandLine::check_outside_data(const std::string& path) const
{
    std::error_code error;
    const auto data = std::filesystem::weakly_canonical(path_of(root_directory()), error);
    const auto file = std::filesystem::weakly_canonical(path, error);
    const auto end  = std::mismatch(data.begin(), data.end(), file.begin(), file.end());
    if (error || end.first != data.end()) return done();
    return fail(Failure::invalid, "within-the-data",
                "asked to write " + path + " and found that it lies in the data directory " + root_directory() +
                    ", where it would be taken for the service's own; give a place outside of it");
}

result<OpenService*> CommandLine::open(bool create_if_missing)
{
    if (is_running_service() && tenant_.empty()) return place_.running;
    if (is_running_service() && not used_) {
        BOOST_OUTCOME_TRY(used_, place_.tenants->use(tenant_, create_if_missing));
    }
    if (used_) return used_.get();
    if (opened_) return opened_.get();
    const std::string directory = data_directory();
    auto opened                 = open_(place_.runtime, directory, create_if_missing);
    if (not opened && opened.error().code == "no-such-database") {
        return fail(Failure::invalid, "no-data",
                    "looked for data in " + directory + " and found none; import something first, or give --data DIR");
    }
    if (not opened) return with_holder(std::move(opened.error()), place_.runtime, directory);
    opened_ = std::move(opened.value());
    if (not serves_) opened_->service().projections().leave_new_versions_alone();
    return opened_.get();
}

std::optional<int> CommandLine::read(std::vector<std::string> words)
{
    std::reverse(words.begin(), words.end()); // CLI11 takes them from the end
    try {
        app_.parse(std::move(words));
        if (tenant_.empty()) return std::nullopt;
        const auto directory = tenant_directory(root_directory(), tenant_);
        if (directory) return std::nullopt;
        report(place_.console, directory.error(), json_);
        return static_cast<int>(ExitCode::wrong_usage);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) { // asked for help
            std::ostringstream help;
            app_.exit(error, help, help);
            place_.console.out(help.str());
            return static_cast<int>(ExitCode::done);
        }
        const std::string sentence = std::string{error.what()} + "; `" + program_.name + " help` shows the commands";
        report(place_.console, {Failure::invalid, "wrong-usage", sentence}, json_);
        return static_cast<int>(ExitCode::wrong_usage);
    } catch (...) { // what a program's own checks of arguments throw
        report(place_.console, exception_in_user_code("the checks of the arguments of", program_.name), json_);
        return static_cast<int>(ExitCode::failed);
    }
}

// A service that runs takes commands that can share it.
result<void> CommandLine::check_place() const
{
    if (not is_running_service()) return done();
    const std::string process = "process " + std::to_string(getpid());
    if (chosen_use_ == DirectoryUse::alone) {
        return fail(Failure::unavailable, "service-is-running",
                    "asked for a command that needs " + data_directory() + " for itself and found that " + process +
                        " serves it; stop that one first (Ctrl-C there, or `kill " + std::to_string(getpid()) + "`)");
    }
    for (const CLI::Option* option : opening_options_) {
        if (option->count() == 0) continue;
        return fail(Failure::unavailable, "service-has-its-options",
                    "asked for " + option->get_name() + " and found that " + process + " serves " + data_directory() +
                        "; this option is chosen when the service starts");
    }
    return done();
}

// "shop orders place"
std::string CommandLine::name_of_chosen() const
{
    std::string name;
    for (const CLI::App* app = chosen_command_; app != nullptr; app = app->get_parent()) {
        name = app->get_name() + (name.empty() ? "" : " " + name);
    }
    return name;
}

int CommandLine::carry_out()
{
    Output out{place_.console, {.json = json_}};
    auto answer = check_place();
    if (answer) answer = call_user_code("the command", name_of_chosen(), [&] { return chosen_(out); });
    opened_.reset();
    used_.reset();
    if (answer) return static_cast<int>(ExitCode::done);
    report(place_.console, answer.error(), json_);
    return static_cast<int>(answer.error().code == "interrupted" ? ExitCode::interrupted : ExitCode::failed);
}

} // namespace eventloom
