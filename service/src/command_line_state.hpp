// The members of a CommandLine, for the commands that every service has, and functions that several of these share.
#pragma once

#include "host/read_view.hpp"
#include "settings.hpp"

#include <eventloom/framework/detail/event.hpp>
#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/service/command_line.hpp>

#include <unordered_map>

namespace eventloom {

struct Engine;

struct CommandLine::State {
    State(const Program& program, CommandPlace place);
    ~State();

    EngineKind& engine() const;
    std::string root_directory() const;
    std::string data_directory() const;
    // Where the data are read: the directory itself, or a view of it where nothing can be written there.
    result<std::string> directory_to_open();
    // An engine may write when it opens a log. When the disk has no room for that, commands that only read use a view.
    bool reads_a_view_instead(const Error& error);
    // As report(), with long words of the command line shortened.
    void tell(Error error) const;
    // On standard error; the command goes on.
    void warn(const Error& found) const;

    const Program& program;
    const CommandPlace place;
    const std::unique_ptr<CLI::App> app;
    OpenServiceIn open;
    std::unique_ptr<Log> log;       // of `serve`
    std::optional<Runtime> logging; // with that log; none: the place's own runtime
    std::unique_ptr<OpenService> opened;
    std::shared_ptr<OpenService> used; // of a tenant, while the command runs
    std::string directory;
    std::string tenant;
    std::string config;
    Settings settings;
    Duration patience     = std::chrono::seconds{30};
    bool json             = false;
    std::uint32_t threads = 0; // 0: as the program says
    bool serves           = false;
    std::vector<std::string> words;                          // that were typed
    std::unique_ptr<ScratchDirectory> kept;                  // for the copy of a pipe
    std::unique_ptr<ScratchDirectory> view;                  // of data that cannot be written
    std::unordered_map<std::string, const EventType*> types; // by stored name
    std::vector<Option> opening_options;
    Action chosen;
    const CLI::App* chosen_command = nullptr;
    DirectoryUse chosen_use        = DirectoryUse::shared;
};

// Not every command that writes makes data: a wrong directory is not to become one.  Failure::invalid "no-data".
Error no_data(CommandLine& line, const std::string& directory);

// Opens only the log, so that a damaged read model does not prevent the command.
result<void> with_log(CommandLine& line, const std::function<result<void>(const Engine&)>& look);

// Reports the rows of these projections that lag behind the log. When `at_least` is a position, first waits for it.
result<void> see_to_rows(CommandLine& line, Output& out, const std::vector<std::string>& names,
                         const std::string& at_least = {});

// Of an event, a job or a message; nullptr: no list of this program has the name.
const EventType* type_in_program(const std::string& name);
// The data of an event as JSON; when the program does not know its type, a text that says so.
std::string event_json(CommandLine& line, const RecordedEvent& event);

} // namespace eventloom
