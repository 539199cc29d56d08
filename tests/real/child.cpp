#include "real/child.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace eventloom::testing {

Child::Child(const std::string& program, std::vector<std::string> arguments)
{
    int output[2];
    int errors[2];
    REQUIRE(pipe2(output, O_CLOEXEC) == 0);
    REQUIRE(pipe2(errors, O_CLOEXEC) == 0);
    arguments.insert(arguments.begin(), program);
    std::vector<char*> words;
    for (auto& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    process_ = fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
        dup2(output[1], STDOUT_FILENO);
        dup2(errors[1], STDERR_FILENO);
        execvp(words[0], words.data());
        _exit(127);
    }
    close(output[1]);
    close(errors[1]);
    output_ = output[0];
    errors_ = errors[0];
}

Child::~Child()
{
    if (process_ > 0) {
        kill();
        waitpid(process_, nullptr, 0);
    }
    close(output_);
    close(errors_);
}

namespace {

std::optional<std::string> next_line(int from, std::string& text)
{
    for (;;) {
        if (const auto end = text.find('\n'); end != std::string::npos) {
            auto line = text.substr(0, end);
            text.erase(0, end + 1);
            return line;
        }
        char piece[4096];
        const auto size = read(from, piece, sizeof piece);
        if (size <= 0) return std::nullopt;
        text.append(piece, static_cast<std::size_t>(size));
    }
}

} // namespace

std::optional<std::string> Child::read_line()
{
    return next_line(output_, read_);
}

std::string Child::read_error_line()
{
    return next_line(errors_, errors_read_).value_or("");
}

void Child::kill() const
{
    signal(SIGKILL);
}

void Child::signal(int number) const
{
    ::kill(process_, number);
}

Child::Ended Child::wait()
{
    Ended ended;
    ended.errors.swap(errors_read_);
    char piece[4096];
    for (ssize_t size = 0; (size = read(errors_, piece, sizeof piece)) > 0;) {
        ended.errors.append(piece, static_cast<std::size_t>(size));
    }
    int status = 0;
    REQUIRE(waitpid(process_, &status, 0) == process_);
    process_        = -1;
    ended.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ended;
}

} // namespace eventloom::testing
