#include <eventloom/service/arguments.hpp>
#include <eventloom/service/command_line.hpp>

#include "command_tree.hpp"
#include "door/kept_input.hpp"
#include "host/directory_holder.hpp"
#include "host/directory_rights.hpp"
#include "host/read_view.hpp"

#include <eventloom/framework/ensure.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/framework/user_code.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/tenants.hpp>

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <unistd.h>

namespace eventloom {

namespace {

constexpr std::size_t echoed_characters = 200; // of a word that was typed

std::vector<std::string> option_names(const CLI::App& app)
{
    std::vector<std::string> names;
    for (const CLI::App* at = &app; at != nullptr; at = at->get_parent()) {
        for (const CLI::Option* option : at->get_options()) {
            for (const auto& name : option->get_lnames()) names.push_back("--" + name);
        }
    }
    return names;
}

} // namespace

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
    app_.add_option_function<std::string>(
            "--wait", [this](const std::string& word) { patience_ = parse_span(word).value_or(patience_); },
            "How long a service that is busy, or does not answer, is waited for (default 30s)")
        ->type_name("SPAN")
        ->check(span_of_time());
    app_.add_flag("--json", json_, "Answer with one JSON document");
    knows(event_types<StreamSettings>());
    add_serve_command();
    add_tenant_commands();
    add_projection_commands();
    add_query_command();
    add_dead_letter_commands();
    add_saga_commands();
    add_log_commands();
    add_store_commands();
    add_help_commands();
    program_.set_up(*this);
    check_types(app_);
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

result<std::string> CommandLine::file_to_read(const std::string& word)
{
    const auto path = path_of(word == "-" ? "/dev/stdin" : word);
    if (not is_a_pipe(path)) return path; // whoever reads it says what is wrong with it
    BOOST_OUTCOME_TRY(kept_, ScratchDirectory::make({}));
    const auto file = kept_->path() + "/" + (word == "-" ? "standard-input" : "input");
    BOOST_OUTCOME_TRY(keep_input(path, file, place_.console));
    return file;
}

result<std::string> CommandLine::directory_to_open()
{
    const auto directory = data_directory();
    if (view_) return view_->path();
    if (can_be_written(directory)) return directory;
    if (chosen_use_ != DirectoryUse::reading) {
        return fail(
            Failure::refused, "data-not-writable",
            "asked for a command that writes in " + directory +
                " and found that nothing can be written there; only commands that read work on it; mount it for "
                "writing, or do it as the user whose data it is");
    }
    BOOST_OUTCOME_TRY(view_, make_read_view(directory));
    return view_->path();
}

// LevelDB writes when it opens. Where the disk has no room for that, what only reads goes on with a view.
bool CommandLine::reads_a_view_instead(const Error& error)
{
    if (error.code != "no-room-to-open" || chosen_use_ != DirectoryUse::reading || view_) return false;
    auto view = make_read_view(data_directory());
    if (not view) return false; // there is no room for that, either
    view_ = std::move(view.value());
    warn({error.kind, error.code, "opened " + data_directory() + " for reading alone: " + error.sentence});
    return true;
}

result<OpenService*> CommandLine::open(bool create_if_missing)
{
    if (is_running_service() && tenant_.empty()) return place_.running;
    if (is_running_service() && not used_) {
        BOOST_OUTCOME_TRY(used_, place_.tenants->use(tenant_, create_if_missing));
    }
    if (used_) return used_.get();
    if (opened_) return opened_.get();
    BOOST_OUTCOME_TRY(const auto directory, directory_to_open());
    auto opened = open_(place_.runtime, directory, create_if_missing);
    if (not opened && opened.error().code == "no-such-database") {
        return fail(Failure::invalid, "no-data",
                    "looked for data in " + directory + " and found none; import something first, or give --data DIR");
    }
    if (not opened && reads_a_view_instead(opened.error())) return open(create_if_missing);
    if (not opened) return with_holder(std::move(opened.error()), place_.runtime, directory);
    opened_ = std::move(opened.value());
    if (not serves_) opened_->service().projections().leave_new_versions_alone();
    return opened_.get();
}

Error CommandLine::wrong_usage(const CLI::ParseError& error) const
{
    const auto left         = app_.remaining(true);
    const std::string found = left.empty() ? "" : left.front();
    // The command that was understood before it.
    const CLI::App* at = &app_;
    for (const auto& word : words_) {
        if (not left.empty() && word == found) break;
        if (const auto* below = command_below(*at, word); below != nullptr) at = below;
    }
    const auto help = "; `" + program_.name + " help" + call_of(*at).substr(program_.name.size()) + "` shows ";
    if (found.starts_with('-')) {
        const auto meant = nearest(found, option_names(*at));
        return {Failure::invalid, "wrong-usage",
                "asked for the option " + found + " and found none of this name for `" + call_of(*at) + "`" +
                    (meant.empty() ? "" : "; did you mean " + meant + "?") + help + "all"};
    }
    const auto commands = commands_of(*at);
    if (not left.empty() && not commands.empty()) return no_such_command(*at, found);
    if (not left.empty() || commands.empty() || dynamic_cast<const CLI::RequiredError*>(&error) == nullptr) {
        return {Failure::invalid, "wrong-usage", error.what() + help + "how it is typed"};
    }
    std::string names;
    for (const auto* command : commands) names += (names.empty() ? "" : ", ") + command->get_name();
    return {Failure::invalid, "wrong-usage",
            "asked for `" + call_of(*at) + "` and found no word that says what is to be done: " + names + help +
                "the commands"};
}

void CommandLine::tell(Error error) const
{
    for (const auto& word : words_) {
        const auto typed = word.starts_with("--") ? word.substr(word.find('=') + 1) : word;
        for (const auto& form : {typed, printable(typed)}) {
            const std::string shown{cut_to_width(form, echoed_characters)};
            if (shown.size() == form.size()) continue;
            for (auto at = error.sentence.find(form); at != std::string::npos; at = error.sentence.find(form, at)) {
                error.sentence.replace(at, form.size(), shown + "…");
                at += shown.size();
            }
        }
    }
    report(place_.console, error, json_);
}

std::optional<int> CommandLine::read(std::vector<std::string> words)
{
    words_ = words;
    std::reverse(words.begin(), words.end()); // CLI11 takes them from the end
    try {
        app_.parse(std::move(words));
        if (tenant_.empty()) return std::nullopt;
        const auto directory = tenant_directory(root_directory(), tenant_);
        if (directory) return std::nullopt;
        tell(directory.error());
        return static_cast<int>(ExitCode::wrong_usage);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) { // asked for help
            std::ostringstream help;
            app_.exit(error, help, help);
            place_.console.out(help.str());
            return static_cast<int>(ExitCode::done);
        }
        tell(wrong_usage(error));
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

// Said once, by whoever opens the directory: a service that runs has said it when it began.
void CommandLine::warn_of_others() const
{
    if (is_running_service() || chosen_use_ == DirectoryUse::none || not is_open_to_others(data_directory())) return;
    warn(open_to_others(data_directory()));
}

void CommandLine::warn(const Error& found) const
{
    if (not json_) return place_.console.err(printable(found.sentence) + "\n");
    const nlohmann::ordered_json warning{{"warning", {{"code", found.code}, {"sentence", found.sentence}}}};
    place_.console.err(warning.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

int CommandLine::carry_out()
{
    Output out{place_.console, {.json = json_}};
    auto answer = check_place();
    if (answer) warn_of_others();
    if (answer) answer = call_user_code("the command", name_of_chosen(), [&] { return chosen_(out); });
    opened_.reset();
    used_.reset();
    view_.reset();
    kept_.reset();
    if (answer) return static_cast<int>(ExitCode::done);
    tell(answer.error());
    const auto& code = answer.error().code;
    if (code == "wrong-usage") return static_cast<int>(ExitCode::wrong_usage);
    return static_cast<int>(code == "interrupted" ? ExitCode::interrupted : ExitCode::failed);
}

} // namespace eventloom
