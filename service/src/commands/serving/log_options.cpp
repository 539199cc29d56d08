#include "commands/serving/log_options.hpp"

#include "checks.hpp"
#include "command_line_state.hpp"
#include "terminal/line_log.hpp"

#include <eventloom/service/command_line.hpp>

namespace eventloom {

void add_log_options(Command command, LogOptions& options)
{
    command.add_option("--log", options.form, "How a line of the log is written (default plain; with --json, json)")
        .check(one_of({"plain", "json"}));
    command.add_option("--log-level", options.level, "From which level on something is written (default warning)")
        .check(one_of({"debug", "info", "warning", "error"}));
}

void begin_log(CommandLine& line, Output& out, const LogOptions& options)
{
    auto& state    = line.state();
    LineLog* lines = nullptr;
    if (line.runtime().log == nullptr) {
        const bool json = options.form.empty() ? out.json() : options.form == "json";
        auto made       = std::make_unique<LineLog>(out.console(), line.runtime().clock, json);
        lines           = made.get();
        state.log       = std::move(made);
        state.logging.emplace(line.runtime()).log = lines;
    }
    for (const Setting& setting : state.settings.used) { // not what it is: it may be a secret
        const auto option = setting.words.front().substr(0, setting.words.front().find('='));
        write_to(line.runtime().log, LogLevel::info, "setting", {{"option", option}, {"from", setting.source}});
    }
    if (lines == nullptr) return;
    for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
        if (to_string(level) == options.level) lines->show_from(level);
    }
}

} // namespace eventloom
