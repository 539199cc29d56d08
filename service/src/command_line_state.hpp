// What a CommandLine has, for the commands that every service gets, and what several of these do.
#pragma once

#include "host/read_view.hpp"

#include <eventloom/framework/event.hpp>
#include <eventloom/framework/recorded_event.hpp>
#include <eventloom/service/command_line.hpp>

#include <unordered_map>

namespace eventloom {

struct Engine;

struct CommandLine::State {
    State(const Program& program, CommandPlace place);
    ~State();

    std::string root_directory() const;
    std::string data_directory() const;
    // Where the data are read: the directory itself, or a view of it where nothing can be written there.
    result<std::string> directory_to_open();
    // LevelDB writes when it opens. Where the disk has no room for that, what only reads goes on with a view.
    bool reads_a_view_instead(const Error& error);
    // As report(), with what was typed at length cut short.
    void tell(Error error) const;
    // On standard error, of a command that goes on.
    void warn(const Error& found) const;

    const Program& program;
    const CommandPlace place;
    const std::unique_ptr<CLI::App> app;
    OpenServiceIn open;
    std::unique_ptr<OpenService> opened;
    std::shared_ptr<OpenService> used; // of a tenant, while the command goes on
    std::string directory;
    std::string tenant;
    Duration patience = std::chrono::seconds{30};
    bool json         = false;
    bool serves       = false;
    std::vector<std::string> words;         // that were typed
    std::unique_ptr<ScratchDirectory> kept; // what came from a pipe
    std::unique_ptr<ScratchDirectory> view; // of data that cannot be written
    std::unordered_map<std::string, const EventType*> types;
    std::vector<Option> opening_options;
    Action chosen;
    const CLI::App* chosen_command = nullptr;
    DirectoryUse chosen_use        = DirectoryUse::shared;
};

// Looks at the log alone: a damaged read model must not stand in the way.
result<void> with_log(CommandLine& line, const std::function<result<void>(const Engine&)>& look);

// Says which rows of these projections are not up to the log; waits for them first, when `at_least` names a position.
result<void> see_to_rows(CommandLine& line, Output& out, const std::vector<std::string>& names,
                         const std::string& at_least = {});

// The data of an event as JSON: in words when the program knows the type, else that it does not.
std::string event_json(CommandLine& line, const RecordedEvent& event);

} // namespace eventloom
