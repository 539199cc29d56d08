// What is made from the tree of commands that CLI11 has: help, the nearest name for a mistyped one, completion for shells, a
// man page. Threads: as CLI::App.
#pragma once

#include <eventloom/framework/result.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// The direct subcommands, in the order in which they were added.
std::vector<const CLI::App*> commands_of(const CLI::App& app);

// nullptr: there is no such subcommand.
const CLI::App* command_below(const CLI::App& app, std::string_view word);

// "shop orders place": the words that call it.
std::string call_of(const CLI::App& app);

// The name that was probably meant; empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& names);

// The error for an unknown command.  Failure::invalid "wrong-usage".
Error no_such_command(const CLI::App& app, const std::string& word);

// The command that the words call, below `app`.  Failure::invalid "wrong-usage".
result<const CLI::App*> find_command(const CLI::App& app, const std::vector<std::string>& words);

// Writes help, with the environment variable of each option. The program must outlive it.
std::shared_ptr<CLI::FormatterBase> help_of(const CLI::App& program);

// A script for the shell: `shop completion bash`.
std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);

// The page in roff, for `man -l -`.
std::string man_page(const CLI::App& app, const std::string& summary, const std::string& version);

} // namespace eventloom
