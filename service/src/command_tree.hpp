// What is known of a program's commands, from the tree of them that CLI11 has: help, the nearest name to one that was
// mistyped, completion for shells, a man page. Threads: as CLI::App.
#pragma once

#include <eventloom/framework/result.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

// Those directly below it, in the order in which they were added.
std::vector<const CLI::App*> commands_of(const CLI::App& app);

// nullptr: there is none of this name.
const CLI::App* command_below(const CLI::App& app, std::string_view word);

// "shop orders place": the words that call it.
std::string call_of(const CLI::App& app);

// Of the names the one that was probably meant; empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& names);

// A command of this name was asked for.  Failure::invalid "wrong-usage".
Error no_such_command(const CLI::App& app, const std::string& word);

// The command that the words call, below `app`.  Failure::invalid "wrong-usage".
result<const CLI::App*> find_command(const CLI::App& app, const std::vector<std::string>& words);

// A script for the shell: `shop completion bash`.
std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);

// The page in roff, for `man -l -`.
std::string man_page(const CLI::App& app, const std::string& summary, const std::string& version);

} // namespace eventloom
