// Commands that are kept up to date, with --watch: what they show is looked at once a second.
//
//     add_watched(line, list_command, [&line](Output& out) { ... out.table(...); return done(); });
//
// Threads: that of the command.
#pragma once

#include <eventloom/service/command_line.hpp>
#include <eventloom/service/output.hpp>

#include <functional>
#include <string>
#include <vector>

namespace eventloom {

// A command that reads, and that has --watch. Then on a terminal it is drawn again; in a pipe and with --json it writes one JSON
// document a line, the first at once and then one whenever something has changed. It runs until it is interrupted, which is a
// success. Failure::unavailable "no-service-to-watch": nothing would change.
void add_watched(CommandLine& line, Command command, std::function<result<void>(Output&)> show);

// Calls `look` once a second until the command is interrupted, which is a success.
result<void> watch_until_stopped(Output& out, const std::function<result<void>()>& look);

// Failure::unavailable "no-service-to-watch".
result<void> check_may_watch(const CommandLine& line);

// Lines on a terminal that are drawn over again; lines above them on the screen stay.
class Redrawn {
public:
    explicit Redrawn(Console& console) : console_{console} {}
    void draw(const std::vector<std::string>& lines);

private:
    Console& console_;
    std::size_t lines_drawn_ = 0;
};

} // namespace eventloom
