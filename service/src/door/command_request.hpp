// The request and the answer of one command at the door. They are JSON, so that other programs can use the door too.
//
// POST /command has a body such as
//
//     {"arguments": ["orders", "list"], "working_directory": "/home/ada", "data_directory": "var/shop",
//      "out_is_terminal": false, "err_is_terminal": false, "width": 80, "table_width": 0}
//
// and the answer is lines: {"out": "..."} and {"err": "..."} in the order of the output, and at the end {"exit": 0}.
#pragma once

#include <eventloom/service/output.hpp>

#include <string>
#include <variant>
#include <vector>

namespace eventloom {

// How deep the JSON of requests and answers may nest.
inline constexpr std::size_t door_json_depth_max = 4;

struct CommandRequest {
    std::vector<std::string> arguments;
    std::string working_directory;
    std::string data_directory;
    ConsoleShape shape;
};

std::string to_json(const CommandRequest& request);
// Failure::invalid  "not-json", "json-too-deep", "wrong-command-request".
result<CommandRequest> command_request_of(std::string_view json);

struct SaidOut {
    std::string text;
};
struct SaidErr {
    std::string text;
};
struct Ended {
    int exit_code = 0;
};
using Reply = std::variant<SaidOut, SaidErr, Ended>;

// A line, with its end.
std::string to_line(const Reply& reply);
result<Reply> reply_of(std::string_view line);

} // namespace eventloom
