// The command line that every service gets: its own commands beside those that look after any service.
//
//     int main(int argc, char** argv)
//     {
//         el::CommandLine line{"shop", "A gift shop on Eventloom.", open_shop};   // open_shop gives a running program's parts
//         line.knows(el::event_types<Order>());
//         add_order_commands(line);
//         return line.run(argc, argv);
//     }
//
// Given for nothing: query, projections list|status|rebuild|verify|explain|as-of|drop, sagas list|show|retry, events tail|show,
// streams list|read, store info|verify|repair; --data DIR and --json everywhere. Tables for people, JSON for programs, errors
// on standard error; exit codes 0 done, 1 failed, 2 wrong usage. Threads: one.
#pragma once

#include <eventloom/service/output.hpp>
#include <eventloom/service/service.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace eventloom {

// A program's open service, with whatever else it needs: what `open` of a CommandLine makes.
class OpenService {
public:
    virtual ~OpenService()     = default;
    virtual Service& service() = 0;
};

class CommandLine {
public:
    // How the program opens its service in a data directory: with its projections, sagas and activities added, not started.
    using Open = std::function<result<std::unique_ptr<OpenService>>(const Runtime&, const std::string& directory,
                                                                    bool create_if_missing)>;

    CommandLine(std::string name, std::string summary, Open open);
    ~CommandLine();

    // Teaches `events show` the forms of an aggregate's events.
    void knows(const EventTypes& types);

    // Where options and subcommands of the program's own are added.
    CLI::App& app() { return app_; }

    // Says what a subcommand does. What it answers with an error ends with the code that fits.
    using Action = std::function<result<void>(Output&)>;
    void on(CLI::App* command, Action action);

    // The service of --data, opened once, at the first call. `create_if_missing` for commands that write.
    result<OpenService*> open(bool create_if_missing = false);

    // Where data is kept: --data, or else the user's data directory.
    std::string data_directory() const;
    const Runtime& runtime() const;

    // Reads the arguments, does what they say, and gives the exit code.
    int run(int argc, char** argv);

private:
    void add_projection_commands();
    void add_query_command();
    void add_projection_history_commands(CLI::App& projections);
    void add_saga_commands();
    void add_log_commands();
    void add_store_commands();
    std::string event_json(const RecordedEvent& event) const;

    struct Machine;
    std::unique_ptr<Machine> machine_;
    const std::string name_;
    CLI::App app_;
    Open open_;
    std::unique_ptr<OpenService> opened_;
    std::string directory_;
    bool json_ = false;
    std::unordered_map<std::string, const EventType*> types_;
    Action chosen_;
};

} // namespace eventloom
