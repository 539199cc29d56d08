// Another program that runs for a while: it is sent bytes, says lines, and ends.
//
//     BOOST_OUTCOME_TRY(const auto child, ChildProgram::start("/opt/shop-2/shop", {"projections", "fold", "orders"}));
//     BOOST_OUTCOME_TRY(child->send(bytes, console));
//     child->end_input();
//     BOOST_OUTCOME_TRY(const auto line, child->line(console));   // nothing at the end of what it says
//     const auto ended = child->wait();
//
// No shell comes in between, and the program inherits nothing but its three pipes. What it says while it is sent something is
// kept, so that neither waits for the other. It is killed when the object goes, or when nobody wants the command any more.
// Threads: one.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/service/console.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eventloom {

class ChildProgram {
public:
    // Failure::invalid  "no-such-program": there is none at this path, or it cannot be run.
    static result<std::unique_ptr<ChildProgram>> start(const std::string& path, std::vector<std::string> arguments);
    ~ChildProgram();
    ChildProgram(const ChildProgram&)            = delete;
    ChildProgram& operator=(const ChildProgram&) = delete;

    // Whether it took all of it: false when it reads no more, or says more than is kept.
    result<bool> send(std::string_view bytes, const Console& console);
    // Nothing more comes.
    void end_input();

    // The next line that it says, without its end; nothing when it says no more.
    // Failure::corrupt  "line-too-long".
    result<std::optional<std::string>> line(const Console& console);

    // How it ended. Waits until it has, a moment; then it is killed.
    struct Ended {
        std::optional<int> exit_code; // none: by a signal
        int signal = 0;
        std::string errors; // the last that it said on standard error
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
    bool can_send_ = false;    // at this moment
    std::string said_;         // and not asked for yet
    std::size_t searched_ = 0; // of what it said, for the end of a line
    Ended ended_;
    bool has_ended_ = false;
};

} // namespace eventloom
