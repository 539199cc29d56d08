// Another program as a child process: this one sends bytes to it, reads lines from it, and waits for its end.
//
//     BOOST_OUTCOME_TRY(const auto child, ChildProgram::start("/opt/shop-2/shop", {"projections", "fold", "orders"}));
//     BOOST_OUTCOME_TRY(child->send(bytes, console));
//     child->end_input();
//     BOOST_OUTCOME_TRY(const auto line, child->line(console));   // nothing at the end of its output
//     const auto ended = child->wait();
//
// There is no shell in between, and the program inherits only its three pipes. Its output is read while bytes are sent to it,
// so the two never wait for each other. It is killed when the object is destroyed, or when the command is stopped.
// Threads: one.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/service/output.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eventloom {

class ChildProgram {
public:
    // Failure::invalid  "no-such-program": there is no program at this path, or it cannot be run.
    static result<std::unique_ptr<ChildProgram>> start(const std::string& path, std::vector<std::string> arguments);
    ~ChildProgram();
    ChildProgram(const ChildProgram&)            = delete;
    ChildProgram& operator=(const ChildProgram&) = delete;

    // Whether it has read everything: false when it reads no more, or has written more than is kept.
    result<bool> send(std::string_view bytes, const Console& console);
    // Closes its standard input.
    void end_input();

    // Its next line of output, without the line end; nothing at the end.
    // Failure::corrupt  "line-too-long".
    result<std::optional<std::string>> line(const Console& console);

    // How it ended. Waits a moment for its end, then kills it.
    struct Ended {
        std::optional<int> exit_code; // none: by a signal
        int signal = 0;
        std::string errors; // the end of its standard error
    };
    const Ended& wait();

private:
    ChildProgram() = default;
    result<void> move_bytes(const Console& console, bool wants_to_send);
    void keep_errors();
    bool keep_output();

    int process_   = -1;
    int input_     = -1;
    int output_    = -1;
    int error_     = -1;
    bool can_send_ = false;    // now
    std::string said_;         // its output that was not read by line() yet
    std::size_t searched_ = 0; // bytes of said_ without a line end
    Ended ended_;
    bool has_ended_ = false;
};

} // namespace eventloom
