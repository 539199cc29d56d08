#include <eventloom/service/command_line.hpp>

#include <eventloom/framework/ensure.hpp>
#include <eventloom/storage/system_files.hpp>

#include <cstdlib>

namespace eventloom {

struct CommandLine::Machine {
    SystemExecutor executor{{.threads = 2}};
    Runtime runtime{system_clock(), executor, system_ids(), system_files()};
};

CommandLine::CommandLine(std::string name, std::string summary, Open open)
    : machine_{std::make_unique<Machine>()}, name_{std::move(name)}, app_{std::move(summary), name_}, open_{std::move(
                                                                                                          open)}
{
    app_.require_subcommand(1);
    app_.fallthrough(); // --data and --json may stand behind the subcommand too
    app_.set_help_all_flag("--help-all", "Show the help of every command");
    app_.add_option("--data", directory_, "Where the data is kept (default: the user's data directory)");
    app_.add_flag("--json", json_, "Answer with one JSON document");
    on(app_.add_subcommand("help", "Show this help"), [this](Output& out) -> result<void> {
        out.say(app_.help());
        return done();
    });
    add_projection_commands();
    add_query_command();
    add_saga_commands();
    add_log_commands();
    add_store_commands();
}

CommandLine::~CommandLine()
{
    opened_.reset(); // before the executor that it runs on
}

void CommandLine::knows(const EventTypes& types)
{
    for (const EventType& type : types) {
        ensure(types_.emplace(type.name, &type).second, "two aggregates have events of one stored name");
    }
}

void CommandLine::on(CLI::App* command, Action action)
{
    command->callback([this, action = std::move(action)] { chosen_ = action; });
}

std::string CommandLine::data_directory() const
{
    if (not directory_.empty()) return directory_;
    if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0') {
        return std::string{data} + "/" + name_;
    }
    const char* home = std::getenv("HOME");
    return (home != nullptr && *home != '\0' ? std::string{home} + "/.local/share/" : std::string{"./"}) + name_;
}

const Runtime& CommandLine::runtime() const
{
    return machine_->runtime;
}

result<OpenService*> CommandLine::open(bool create_if_missing)
{
    if (opened_) return opened_.get();
    const std::string directory = data_directory();
    auto opened                 = open_(machine_->runtime, directory, create_if_missing);
    if (not opened && opened.error().code == "no-such-database") {
        return fail(Failure::invalid, "no-data",
                    "looked for data in " + directory + " and found none; import something first, or give --data DIR");
    }
    BOOST_OUTCOME_TRY(opened_, std::move(opened));
    return opened_.get();
}

int CommandLine::run(int argc, char** argv)
{
    try {
        app_.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app_.exit(help);
    } catch (const CLI::CallForAllHelp& help) {
        return app_.exit(help);
    } catch (const CLI::ParseError& error) {
        report(
            {Failure::invalid, "wrong-usage", std::string{error.what()} + "; `" + name_ + " help` shows the commands"},
            json_);
        return static_cast<int>(ExitCode::wrong_usage);
    }
    Output out{{.json = json_}};
    const auto answer = chosen_(out);
    opened_.reset();
    if (answer) return static_cast<int>(ExitCode::done);
    report(answer.error(), json_);
    return static_cast<int>(ExitCode::failed);
}

} // namespace eventloom
