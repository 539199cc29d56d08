// The checks in the form of CLI11. Includes CLI11, so only the few sources that use CLI11 include this.
#pragma once

#include <eventloom/service/detail/arguments.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace eventloom {

CLI::Validator validator_of(const Check& check);

// Adds to every option of the command, and of its subcommands, the checks for its type.
void check_types(CLI::App& command);

} // namespace eventloom
