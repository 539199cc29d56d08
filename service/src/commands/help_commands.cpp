#include "command_tree.hpp"

#include <eventloom/service/command_line.hpp>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

namespace eventloom {

namespace {

std::string version_of(const Program& program)
{
    return program.name + (program.version.empty() ? "" : " " + program.version) + " (Eventloom " EVENTLOOM_VERSION ")";
}

} // namespace

void CommandLine::add_help_commands()
{
    app_.set_version_flag("--version", version_of(program_), "Show the version");

    const auto words = std::make_shared<std::vector<std::string>>();
    auto* help       = app_.add_subcommand("help", "Show this help, or that of a command: help orders place");
    help->add_option("command", *words, "Which command");
    on(
        help,
        [this, words](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(const CLI::App* command, find_command(app_, *words));
            // Asked itself, CLI11 shows what was called: the command `help`.
            out.console().out(
                command->get_formatter()->make_help(command, call_of(*command), CLI::AppFormatMode::Normal));
            return done();
        },
        DirectoryUse::none);

    on(
        app_.add_subcommand("man", "Write the man page: man | man -l -"),
        [this](Output& out) -> result<void> {
            out.console().out(man_page(app_, program_.summary, version_of(program_)));
            return done();
        },
        DirectoryUse::none);

    const auto shell = std::make_shared<std::string>();
    auto* completion = app_.add_subcommand("completion", "Write what completes these commands in a shell");
    completion->add_option("shell", *shell, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
    on(
        completion,
        [this, shell](Output& out) -> result<void> {
            out.console().out(*shell == "bash" ? bash_completion(app_) : zsh_completion(app_));
            return done();
        },
        DirectoryUse::none);
}

} // namespace eventloom
