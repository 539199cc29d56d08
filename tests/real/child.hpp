// A program that a test starts, listens to and kills.
//
//     Child writer{WRITER_PROGRAM, {directory, "0", "0"}};
//     while (const auto line = writer.read_line()) ...
//     writer.kill();
//     const auto ended = writer.wait();
//
// Threads: one.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace eventloom::testing {

class Child {
public:
    Child(const std::string& program, std::vector<std::string> arguments);
    ~Child(); // kills it
    Child(const Child&)            = delete;
    Child& operator=(const Child&) = delete;

    // The next whole line of its standard output; nothing when it has ended.
    std::optional<std::string> read_line();
    void kill() const;
    void signal(int number) const;
    // The next whole line of its standard error; empty when it has ended.
    std::string read_error_line();

    struct Ended {
        int exit_code = -1; // -1: killed
        std::string errors;
    };
    Ended wait();

private:
    pid_t process_ = -1;
    int output_    = -1;
    int errors_    = -1;
    std::string read_; // and given to nobody
    std::string errors_read_;
};

} // namespace eventloom::testing
