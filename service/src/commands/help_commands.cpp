#include "commands/own_commands.hpp"

#include "command_line_state.hpp"
#include "command_tree.hpp"

#include <CLI/Option.hpp>

namespace eventloom {

namespace {

std::string version_of(const Program& program)
{
    return program.name + (program.version.empty() ? "" : " " + program.version) + " (Eventloom " EVENTLOOM_VERSION ")";
}

} // namespace

void add_help_commands(CommandLine& line)
{
    CLI::App& app       = *line.state().app;
    const auto& program = line.state().program;
    app.set_version_flag("--version", version_of(program), "Show the version");

    const auto words = std::make_shared<std::vector<std::string>>();
    const auto help  = line.app().add_subcommand("help", "Show this help, or the help of a command: help orders place");
    help.add_option("command", *words, "The command");
    line.on(
        help,
        [&app, words](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(const CLI::App* command, find_command(app, *words));
            // Asked itself, CLI11 shows what was called: the command `help`.
            out.console().out(
                command->get_formatter()->make_help(command, call_of(*command), CLI::AppFormatMode::Normal));
            return done();
        },
        DirectoryUse::none);

    line.on(
        line.app().add_subcommand("man", "Write the man page: man | man -l -"),
        [&app, &program](Output& out) -> result<void> {
            out.console().out(man_page(app, program.summary, version_of(program)));
            return done();
        },
        DirectoryUse::none);

    const auto shell = std::make_shared<std::string>();
    const auto completion =
        line.app().add_subcommand("completion", "Write a script that completes these commands in a shell");
    completion.add_option("shell", *shell, "bash or zsh").required().check(one_of({"bash", "zsh"}));
    line.on(
        completion,
        [&app, shell](Output& out) -> result<void> {
            out.console().out(*shell == "bash" ? bash_completion(app) : zsh_completion(app));
            return done();
        },
        DirectoryUse::none);
}

} // namespace eventloom
