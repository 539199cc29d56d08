#include <eventloom/service/command_line.hpp>

#include "checks.hpp"
#include "command_line_state.hpp"
#include "command_tree.hpp"
#include "commands/own_commands.hpp"
#include "door/kept_input.hpp"
#include "host/directory_holder.hpp"
#include "host/directory_rights.hpp"

#include "host/tenants.hpp"
#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/messaging/subscriptions.hpp>
#include <eventloom/messaging/topics.hpp>
#include <eventloom/service/service.hpp>

#include <CLI/Option.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <unistd.h>

namespace eventloom {

namespace {

// In the order in which help shows them.
constexpr auto own_commands = {
    add_serve_command,        add_tenant_commands,       add_projection_commands, add_query_command,
    add_follower_commands,    add_subscription_commands, add_topic_commands,      add_saga_commands,
    add_dead_letter_commands, add_group_commands,        add_queue_commands,      add_job_commands,
    add_work_command,         add_log_commands,          add_store_commands,      add_help_commands};

} // namespace

CommandLine::State::State(const Program& of_program, CommandPlace in_place)
    : program{of_program}, place{std::move(in_place)}, app{std::make_unique<CLI::App>(program.summary, program.name)}
{
}

CommandLine::State::~State() = default;

CommandLine::CommandLine(const Program& program, CommandPlace place)
    : state_{std::make_unique<State>(program, std::move(place))}
{
    CLI::App& app = *state_->app;
    app.formatter(help_of(app)); // before the commands, which take it from their parent
    app.require_subcommand(1);
    app.fallthrough(); // --data and --json may follow the subcommand too
    app.set_help_all_flag("--help-all", "Show the help of every command");
    const Command top = this->app();
    top.add_option("--data", state_->directory, "Where the data is kept (default: the user's data directory)")
        .check(not_empty());
    top.add_option("--tenant", state_->tenant, "The tenant whose data to use, when the directory has several")
        .type_name("NAME")
        .check(not_empty());
    top.add_option("--config", state_->config, "A file with options that are not typed")
        .type_name("FILE")
        .check(not_empty());
    Duration& patience = state_->patience;
    top.add_option_function(
           "--wait", [&patience](const std::string& word) { patience = parse_span(word).value_or(patience); },
           "How long to wait for a service that is busy or does not answer (default 30s)")
        .type_name("SPAN")
        .check(span_of_time());
    top.add_flag("--json", state_->json, "Write one JSON document");
    knows(event_types<StreamSettings>());
    knows(saga_event_types());
    knows(subscription_fact_types());
    knows(subscription_position_types());
    knows(topic_fact_types());
    for (const auto add : own_commands) add(*this);
    program.set_up(*this);
    check_types(app);
}

CommandLine::~CommandLine() = default;

void CommandLine::opens(OpenServiceIn open)
{
    state_->open = std::move(open);
}

Command CommandLine::app()
{
    return Command{*state_->app};
}

void CommandLine::used_when_opening(Option option)
{
    state_->opening_options.push_back(option);
}

bool CommandLine::is_running_service() const
{
    return state_->place.running != nullptr;
}

const Runtime& CommandLine::runtime() const
{
    return state_->logging ? *state_->logging : state_->place.runtime;
}

EngineKind& CommandLine::engine() const
{
    return state_->engine();
}

EngineKind& CommandLine::State::engine() const
{
    return program.engine == nullptr ? default_engine() : *program.engine;
}

DirectoryUse CommandLine::directory_use() const
{
    return state_->chosen_use;
}

bool CommandLine::json() const
{
    return state_->json;
}

unsigned CommandLine::threads() const
{
    return state_->threads > 0 ? state_->threads : state_->program.threads;
}

Duration CommandLine::patience() const
{
    return state_->patience;
}

namespace {

// The list that an event is in, as its owner is called in stream names.
std::string list_of(const EventType& type)
{
    for (const EventList& list : event_lists()) {
        if (list.types == type.list) return "\"" + std::string{list.category} + "\"";
    }
    return "a list without a name";
}

bool says_the_same(const EventType& one, const EventType& other)
{
    return std::equal(one.shapes.begin(), one.shapes.end(), other.shapes.begin(), other.shapes.end(),
                      [](const Shape* a, const Shape* b) { return may_be_same_shape(a->fingerprint, b->fingerprint); });
}

} // namespace

void CommandLine::knows(const std::vector<EventType>& types)
{
    for (const EventType& given : types) {
        const EventType& type =
            *detail::find_event_type(given.list(), given.name); // which lives as long as the program
        const EventType& known = *state_->types.emplace(type.name, &type).first->second;
        ensure(says_the_same(known, type), "the event \"" + std::string{type.name} + "\" is in the list of " +
                                               list_of(known) + " and in that of " + list_of(type) +
                                               ", with other members; give one of them another stored name");
    }
}

void CommandLine::on(Command command, Action action, DirectoryUse use)
{
    CLI::App* const app = &command.of_library();
    app->callback([this, app, action = std::move(action), use] {
        state_->chosen         = action;
        state_->chosen_command = app;
        state_->chosen_use     = use;
    });
}

std::string CommandLine::data_directory() const
{
    return state_->data_directory();
}

std::string CommandLine::root_directory() const
{
    return state_->root_directory();
}

std::string CommandLine::State::data_directory() const
{
    return tenant.empty() ? root_directory() : tenant_directory(root_directory(), tenant).value();
}

std::string CommandLine::State::root_directory() const
{
    if (place.running != nullptr) return place.data_directory;
    if (not directory.empty()) return directory;
    if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0') {
        return std::string{data} + "/" + program.name;
    }
    const char* home = std::getenv("HOME");
    return (home != nullptr && *home != '\0' ? std::string{home} + "/.local/share/" : std::string{"./"}) + program.name;
}

std::string CommandLine::path_of(const std::string& file) const
{
    if (not file.starts_with('/')) return state_->place.working_directory + "/" + file;
    if (not is_running_service()) return file;
    // What these name is another process's here.
    const std::string process = "/proc/" + std::to_string(state_->place.client_process_id);
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
                "asked to write " + path + " and found that it is in the data directory " + root_directory() +
                    ", where the service would treat it as its own file; give a place outside of it");
}

result<std::string> CommandLine::file_to_read(const std::string& word)
{
    const auto path = path_of(word == "-" ? "/dev/stdin" : word);
    if (not is_a_pipe(path)) return path; // errors are reported when it is read
    BOOST_OUTCOME_TRY(state_->kept, ScratchDirectory::make({}));
    const auto file = state_->kept->path() + "/" + (word == "-" ? "standard-input" : "input");
    BOOST_OUTCOME_TRY(keep_input(path, file, state_->place.console));
    return file;
}

result<std::string> CommandLine::State::directory_to_open()
{
    const auto data = data_directory();
    if (view) return view->path();
    if (can_be_written(engine(), data)) return data;
    if (chosen_use != DirectoryUse::reading) {
        return fail(
            Failure::refused, "data-not-writable",
            "asked for a command that writes in " + data +
                " and found that nothing can be written there; only commands that read work there; mount it for "
                "writing, or run the command as the owner of the data");
    }
    BOOST_OUTCOME_TRY(view, make_read_view(engine(), data));
    return view->path();
}

bool CommandLine::State::reads_a_view_instead(const Error& error)
{
    if (error.code != "no-room-to-open" || chosen_use != DirectoryUse::reading || view) return false;
    auto made = make_read_view(engine(), data_directory());
    if (not made) return false; // there is no room for a view either
    view = std::move(made.value());
    warn({error.kind, error.code, "opened " + data_directory() + " for reading alone: " + error.sentence});
    return true;
}

Error no_data(CommandLine& line, const std::string& directory)
{
    return {Failure::invalid, "no-data",
            "looked for data in " + directory +
                " and found none; give another --data DIR, or begin with a command that makes them, as `" +
                line.state().program.name + " serve` does"};
}

result<OpenService*> CommandLine::open(bool create_if_missing)
{
    State& state = *state_;
    if (is_running_service() && state.tenant.empty()) return state.place.running;
    if (is_running_service() && not state.used) {
        BOOST_OUTCOME_TRY(state.used, state.place.tenants->use(state.tenant, create_if_missing));
    }
    if (state.used) return state.used.get();
    if (state.opened) return state.opened.get();
    BOOST_OUTCOME_TRY(const auto directory, state.directory_to_open());
    auto opened = state.open(runtime(), directory, create_if_missing);
    if (not opened && opened.error().code == "no-such-database") {
        return no_data(*this, directory);
    }
    if (not opened && state.reads_a_view_instead(opened.error())) return open(create_if_missing);
    if (not opened) return with_holder(std::move(opened.error()), runtime(), engine(), directory);
    state.opened = std::move(opened.value());
    ensure(&state.opened->service().engine_kind() == &engine(), "a program and its service are given one engine");
    if (not state.serves) state.opened->service().projections().leave_new_versions_alone();
    return state.opened.get();
}

namespace {

// A service that runs takes commands that can share it.
result<void> check_place(const CommandLine::State& state)
{
    if (state.place.running == nullptr) return done();
    if (state.chosen_use == DirectoryUse::alone) {
        return fail(Failure::unavailable, "service-is-running",
                    fmt::format("asked for a command that needs {0} for itself and found that process {1} serves it; "
                                "stop it first (Ctrl-C there, or `kill {1}`)",
                                state.data_directory(), getpid()));
    }
    // CLI11 also counts what it has found in the environment of this process, which is not that of the one who asks.
    const auto typed = typed_options(*state.app, state.words);
    for (const Option& option : state.opening_options) {
        if (not typed.contains(&option.of_library())) continue;
        return fail(Failure::unavailable, "service-has-its-options",
                    fmt::format("asked for {} and found that process {} serves {}; give this option when you start "
                                "the service",
                                option.of_library().get_name(), getpid(), state.data_directory()));
    }
    return done();
}

// Whoever opens them would only hear what is wrong with a file in them.
result<void> check_data_directory(const CommandLine::State& state)
{
    if (state.place.running != nullptr || state.chosen_use == DirectoryUse::none) return done();
    for (const auto& directory : {state.root_directory(), state.data_directory()}) {
        std::error_code unknown;
        const auto found = std::filesystem::status(directory, unknown);
        if (not std::filesystem::exists(found) || std::filesystem::is_directory(found)) continue;
        if (found.type() == std::filesystem::file_type::unknown) continue; // opening them says why
        return fail(Failure::invalid, "data-not-a-directory",
                    "looked for data in " + directory + " and found that it is no directory; give another --data DIR");
    }
    return done();
}

// Reported once, by the process that opens the directory: a running service has reported it at its start.
void warn_of_others(const CommandLine::State& state)
{
    if (state.place.running != nullptr || state.chosen_use == DirectoryUse::none) return;
    const auto directory = state.data_directory();
    if (is_open_to_others(directory)) state.warn(open_to_others(directory));
}

} // namespace

void CommandLine::State::warn(const Error& found) const
{
    if (not json) return place.console.err(printable(found.sentence) + "\n");
    const Json warning{{"warning", {{"code", found.code}, {"sentence", found.sentence}}}};
    place.console.err(warning.dump() + "\n");
}

int CommandLine::carry_out()
{
    State& state = *state_;
    Output out{state.place.console, {.json = state.json}};
    auto answer = check_place(state);
    if (answer) answer = check_data_directory(state);
    if (answer) warn_of_others(state);
    if (answer)
        answer = call_user_code("the command", call_of(*state.chosen_command), [&] { return state.chosen(out); });
    state.opened.reset();
    state.used.reset();
    state.view.reset();
    state.kept.reset();
    state.logging.reset();
    if (answer) return static_cast<int>(ExitCode::done);
    state.tell(answer.error());
    const auto& code = answer.error().code;
    if (code == "wrong-usage") return static_cast<int>(ExitCode::wrong_usage);
    return static_cast<int>(code == "interrupted" ? ExitCode::interrupted : ExitCode::failed);
}

} // namespace eventloom
