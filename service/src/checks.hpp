// The checks as CLI11 has them. Includes CLI11: for the few sources that speak to it.
#pragma once

#include <eventloom/service/arguments.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace eventloom {

CLI::Validator validator_of(const Check& check);

// Gives every option of the command, and of those below it, the checks that its type asks for.
void check_types(CLI::App& command);

} // namespace eventloom
