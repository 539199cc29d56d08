// The command line that every service gets: its own commands beside those that look after any service.
//
//     void add_shop(el::CommandLine& line)
//     {
//         line.opens(open_shop);                      // gives a running program's parts
//         line.knows(el::event_types<Order>());
//         add_order_commands(line);
//     }
//     int main(int argc, char** argv)
//     {
//         return el::run({"shop", "A gift shop on Eventloom.", add_shop}, argc, argv);
//     }
//
// Given for nothing: serve; tenants list|remove; query; projections list|status|rebuild|verify|diff|explain|as-of|pause|resume|drop|fold;
// dead-letters list|show|retry|discard; sagas list|show|retry, events tail|show, streams list|read|limits|delete, store
// info|verify|protect|compact|scavenge|repair|backup|backups|prune|verify-backup|restore|export|import|forget, store keys
// info|verify|erased|readmit|rekey; help, man, completion; --data DIR, --tenant NAME, --wait SPAN and --json everywhere. Tables for
// people, JSON for programs, errors on standard error; exit codes 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C or
// SIGTERM. No option takes an empty word, and one that is a number takes nothing but numbers: the type of its variable says so.
//
// While `serve` runs, every command is carried out by the running service, which is reached through the door in its data
// directory; when it does not run, the command opens the directory itself. A CommandLine is one command in one of the two
// places, so the function that adds the program's commands is called for each. Threads: one for each CommandLine.
#pragma once

#include <eventloom/framework/ensure.hpp>
#include <eventloom/service/command.hpp>
#include <eventloom/service/open_service.hpp>
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
class Tenants;
struct EventType;

struct Program {
    std::string name;
    std::string summary;
    std::function<void(CommandLine&)> set_up; // adds what is the program's own
    std::string version = {};                 // its own, beside Eventloom's
    // What keeps the log (eventstore/engines.hpp). nullptr: default_engine(). Another is told to Service::open, too:
    // {.engine = &line.engine()}.
    EngineKind* engine = nullptr;
};

// What a command does with the data directory.
enum class DirectoryUse : std::uint8_t {
    shared, // works on the service, whichever process has it open
    reading, // the same, and writes nothing: works where nothing can be written, too, such as on a backup that is mounted
    alone,   // needs the directory for itself: not while the service runs
    none,
};

// Where a command is carried out.
struct CommandPlace {
    Console& console;
    const Runtime& runtime;
    std::string working_directory;    // of whoever typed the command; files that it names are looked for there
    std::string data_directory;       // of the running service, as whoever typed the command calls it
    OpenService* running   = nullptr; // the service that has taken the command through its door
    Tenants* tenants       = nullptr; // beside it
    long client_process_id = 0;       // of the program that sent it
};

class CommandLine {
public:
    CommandLine(const Program& program, CommandPlace place);
    ~CommandLine();

    void opens(OpenServiceIn open);

    // Teaches `events show` the forms of an aggregate's events.
    void knows(const std::vector<EventType>& types);

    // Where options and subcommands of the program's own are added.
    Command app();

    // An option that `opens` looks at: a service that runs already cannot take it.
    void looked_at_when_opening(Option option);

    // Says what a subcommand does. What it answers with an error ends with the code that fits.
    using Action = std::function<result<void>(Output&)>;
    void on(Command command, Action action, DirectoryUse use = DirectoryUse::shared);

    // The same of a command that shows rows of projections. Where these are not up to the log, that is said: a line on standard
    // error and, with --json, a member `behind` of an answer that is one object. The command takes --at-least POSITION|head, and
    // waits for them, for a minute at most.
    //
    //     line.on_rows(list, {"orders"}, [&line](el::Output& out) { return list_orders(out, line); });
    //
    // `names` is asked for the projections when the words have been read.
    using Names = std::function<std::vector<std::string>()>;
    void on_rows(Command command, Names names, Action action);
    void on_rows(Command command, std::vector<std::string> names, Action action);

    // The service: the one that runs, or that of --data, opened once, at the first call. `create_if_missing` for commands
    // that write. One that is opened here builds no new version of a projection: that is for `serve` and
    // `projections rebuild`.
    result<OpenService*> open(bool create_if_missing = false);
    // The same as the program's own type, which is what `opens` makes: line.open<Shop>(true).
    template <std::derived_from<OpenService> Opened>
    result<Opened*> open(bool create_if_missing = false)
    {
        BOOST_OUTCOME_TRY(OpenService* const opened, open(create_if_missing));
        auto* const of_program = dynamic_cast<Opened*>(opened);
        ensure(of_program != nullptr, "a command opens the program as another type than its opens() makes");
        return of_program;
    }
    // The service runs by itself: it goes on when the command has ended.
    bool is_running_service() const;

    // Where data is kept: --data, or else the user's data directory; and in it, with --tenant, the tenant's own.
    std::string data_directory() const;
    // The same without a tenant: where the door of a running service is.
    std::string root_directory() const;
    // A file that an argument names, wherever the command is carried out.
    std::string path_of(const std::string& file) const;
    // A file that an argument names, to be read from its beginning as often as one likes; `-` is standard input. What is no
    // file, such as a pipe, is kept in one until the command ends.  Failure::storage  "file-not-read".
    result<std::string> file_to_read(const std::string& word);
    // Whether a file that a command is to write lies where the service keeps nothing of its own.
    // Failure::invalid  "within-the-data".
    result<void> check_outside_data(const std::string& path) const;
    const Runtime& runtime() const;
    EngineKind& engine() const;

    // Reads the words after the program's name. Returns an exit code when nothing is left to do: help, or wrong usage.
    std::optional<int> read(std::vector<std::string> words);
    // What the command that was read does with the data directory.
    DirectoryUse directory_use() const;
    bool json() const;
    // How long a service is waited for that is busy, or does not answer.
    Duration patience() const;
    // Does what the words say, and gives the exit code.
    int carry_out();

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
