// The command line of a service: the program's own commands, and the commands that every service has.
//
//     void add_shop(el::CommandLine& line)
//     {
//         line.opens(open_shop);                      // opens the service and the program's other parts
//         line.knows(el::event_types<Order>());
//         add_order_commands(line);
//     }
//     int main(int argc, char** argv)
//     {
//         return el::run({"shop", "A gift shop on Eventloom.", add_shop}, argc, argv);
//     }
//
// Every service has: serve; tenants list|remove; query; projections list|status|rebuild|verify|diff|explain|as-of|pause|resume|drop|fold;
// followers list|show|pause|resume; subscriptions list|show|pause|resume|skip; dead-letters list|count|show|retry|discard|edit|export;
// sagas list|count|show|parked|signal|retry|cancel|skip|pause|resume|migrate; groups list|stopped|retry;
// queues list|show|pause|resume|limit; topics list|show|publish|tail; jobs list|show|why|enqueue|cancel|retry|promote|discard; work; events tail|show, streams
// list|read|limits|delete, store info|verify|protect|compact|scavenge|repair|backup|backups|prune|verify-backup|restore|
// export|import|forget, store keys info|verify|erased|readmit|rekey; help, man, completion; --data DIR, --tenant NAME, --wait SPAN, --config FILE
// and --json everywhere.
// Every option can come from the environment or from that file (docs/a-program-of-your-own.md, "Configuration"). Tables for
// people, JSON for programs, errors on standard error; exit codes 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C or
// SIGTERM. No option takes an empty word, and one whose variable is a number takes only numbers.
//
// While `serve` runs, the running service carries out every command, through the door in its data directory. When it does not
// run, the command opens the directory itself. A CommandLine is made for one command in one of these processes, so the
// function that adds the program's commands is called each time. Threads: one for each CommandLine.
#pragma once

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/service/detail/command.hpp>
#include <eventloom/service/detail/open_service.hpp>
#include <eventloom/service/output.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eventloom {

class CommandLine;
class EngineKind;
class Log;
class Service;
class Tenants;
struct EventType;

struct Program {
    std::string name;
    std::string summary;
    std::function<void(CommandLine&)> set_up; // adds the program's own commands and options
    std::string version = {};                 // its own, beside Eventloom's
    // What keeps the log (eventstore/engines.hpp). nullptr: default_engine(). Another is told to Service::open, too:
    // {.engine = &line.engine()}.
    EngineKind* engine = nullptr;
    // Threads that run projections, sagas, subscriptions and consumer groups. `serve --threads` gives another number.
    unsigned threads = 2;
    // Where Eventloom reports what happens (framework/log.hpp). nullptr: `serve` writes it to standard error, and other
    // commands write nothing.
    Log* log = nullptr;
};

// What a command does with the data directory.
enum class DirectoryUse : std::uint8_t {
    shared,  // works with the service, whichever process has it open
    reading, // the same, and writes nothing: works also on a read-only file system, such as a mounted backup
    alone,   // needs the directory for itself, so not while the service runs
    none,
};

// Where a command is carried out.
struct CommandPlace {
    Console& console;
    const Runtime& runtime;
    std::string working_directory;    // of the user who typed the command; relative file names begin there
    std::string data_directory;       // of the running service, as the user writes it
    OpenService* running   = nullptr; // the service that has taken the command through its door
    Tenants* tenants       = nullptr; // beside it
    long client_process_id = 0;       // of the program that sent it
};

class CommandLine {
public:
    CommandLine(const Program& program, CommandPlace place);
    ~CommandLine();

    // How the service is opened: a function that takes the runtime, the data directory and whether to create it, and returns an
    // OpenService (detail/open_service.hpp). It adds projections, sagas, queues and so on, and does not start them.
    void opens(OpenServiceIn open);

    // Teaches `events show` the forms of the events of a list: of an aggregate, or of the context of a decision. `types` may
    // be destroyed before the CommandLine. An event may be in several lists if all describe it in the same way; otherwise the
    // program ends with an error.
    void knows(const std::vector<EventType>& types);

    // Add the program's own options and subcommands here.
    Command app();

    // An option that `opens` uses: a service that runs already cannot apply it.
    void used_when_opening(Option option);

    // Sets what a subcommand does. When it returns an error the program ends with the exit code for it.
    using Action = std::function<result<void>(Output&)>;
    void on(Command command, Action action, DirectoryUse use = DirectoryUse::shared);

    // The same for a command that shows rows of projections. When the rows lag behind the log, the command says so: in a line
    // on standard error and, with --json, in a member `behind` when the output is one object. The command takes
    // --at-least POSITION|head, and waits at most a minute until the rows have reached it.
    //
    //     line.on_rows(list, {"orders"}, [&line](el::Output& out) { return list_orders(out, line); });
    //
    // `names` gives the projections; it is called after the words were read.
    using Names = std::function<std::vector<std::string>()>;
    void on_rows(Command command, Names names, Action action);
    void on_rows(Command command, std::vector<std::string> names, Action action);

    // The service: the running one, or the one in --data, which the first call opens. Use `create_if_missing` for commands
    // that write. A service that is opened here builds no new version of a projection; `serve` and `projections rebuild` do.
    result<OpenService*> open(bool create_if_missing = false);
    // The same with the program's own type, the one that `opens` returns: line.open<Shop>(true).
    template <std::derived_from<OpenService> Opened>
    result<Opened*> open(bool create_if_missing = false)
    {
        BOOST_OUTCOME_TRY(OpenService* const opened, open(create_if_missing));
        auto* const of_program = dynamic_cast<Opened*>(opened);
        ensure(of_program != nullptr, "a command opens the program as another type than its opens() makes");
        return of_program;
    }
    // Waits until this instance can do nothing now (Service::settle_saga), for a minute at most; what is not done by then is done
    // later. After two seconds standard error says what it waits for, and again when it waits no longer. For a command that has
    // done its own work.
    result<void> let_saga_settle(Output& out, Service& service, std::string_view saga, std::string_view key);
    // Whether the service runs in `serve`, and so goes on when the command has ended.
    bool is_running_service() const;

    // The data directory: --data, or else the user's own; with --tenant, the tenant's directory in it.
    std::string data_directory() const;
    // The same without the tenant: the door of a running service is there.
    std::string root_directory() const;
    // The path of a file that an argument names, in whichever process the command runs.
    std::string path_of(const std::string& file) const;
    // The path of a file that an argument names and that can be read several times; `-` is standard input. A pipe or the like
    // is first copied to a file, which is removed when the command ends.  Failure::storage  "file-not-read".
    result<std::string> file_to_read(const std::string& word);
    // Checks that a file which a command is to write is not in the data directory.
    // Failure::invalid  "within-the-data".
    result<void> check_outside_data(const std::string& path) const;
    const Runtime& runtime() const;
    EngineKind& engine() const;

    // These, words_for_service() and carry_out() are for run() and `serve`: a program does not call them.
    // Reads the words after the program's name. Returns an exit code when nothing is left to do: help, or wrong usage.
    // Options that were not typed come from the environment or from the file of --config.
    std::optional<int> read(std::vector<std::string> words);
    // The same words, with the options from elsewhere, for a service that runs: all but those that it was started with.
    std::vector<std::string> words_for_service() const;
    // How the command that was read uses the data directory.
    DirectoryUse directory_use() const;
    bool json() const;
    // How many threads the program is to start.
    unsigned threads() const;
    // How long the command waits for a service that is busy or does not answer, and for a process that has the directory.
    Duration patience() const;
    // Runs the command that was read, and returns the exit code.
    int carry_out();
    // Whether the command that was carried out has done and reported nothing, because a service has started meanwhile: ask it.
    bool is_for_service() const;

    // For the commands that every service gets.
    struct State;
    State& state() { return *state_; }

private:
    const std::unique_ptr<State> state_;
};

// The program itself: `return el::run({...}, argc, argv);` is all of main(). Ends within a second after SIGINT or SIGTERM, and
// starts the threads that a program needs.
int run(const Program& program, int argc, char** argv);

} // namespace eventloom
