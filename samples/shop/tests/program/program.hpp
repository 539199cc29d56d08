// The shop's program as a process of its own, as a person runs it.
#pragma once

#include "support/every_store.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace shop::testing {

using eventloom::testing::TemporaryDirectory;

struct Finished {
    int exit_code = -1; // -1: killed
    std::string output;
    std::string errors;

    nlohmann::json json() const { return nlohmann::json::parse(output); }
};

// The code of the error that it has written as JSON.
inline std::string code_of(const Finished& finished)
{
    INFO(finished.errors);
    REQUIRE(nlohmann::json::accept(finished.errors));
    return nlohmann::json::parse(finished.errors)["error"]["code"];
}

class Program {
public:
    // Programs that run at the same time in one directory have names of their own.
    Program(const TemporaryDirectory& directory, std::vector<std::string> arguments, const std::string& name = "",
            const std::string& program = SHOP_PROGRAM)
        : output_{directory.path() + "/output" + name}, errors_{directory.path() + "/errors" + name}
    {
        if (not arguments.front().starts_with('/')) arguments.insert(arguments.begin(), program);
        // Nobody is to take what an earlier one has said for what this one says.
        for (const auto& path : {output_, errors_}) ::unlink(path.c_str());
        process_ = fork();
        REQUIRE(process_ >= 0);
        if (process_ > 0) return;
        dup2(open(output_.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600), STDOUT_FILENO);
        dup2(open(errors_.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600), STDERR_FILENO);
        std::vector<char*> words;
        for (auto& argument : arguments) words.push_back(argument.data());
        words.push_back(nullptr);
        execv(words[0], words.data());
        _exit(127);
    }

    void kill(int signal = SIGKILL) const { ::kill(process_, signal); }
    // Returns when no thread of it runs any more: until one of them has taken the signal, the others go on.
    void stop() const
    {
        kill(SIGSTOP);
        siginfo_t stopped{};
        REQUIRE(waitid(P_PID, static_cast<id_t>(process_), &stopped, WSTOPPED | WNOWAIT) == 0);
    }
    pid_t process() const { return process_; }
    bool has_ended() const
    {
        siginfo_t ended{};
        return waitid(P_PID, static_cast<id_t>(process_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
               ended.si_pid != 0;
    }
    std::string output() const { return read(output_); }

    Finished wait() const
    {
        int status = 0;
        REQUIRE(waitpid(process_, &status, 0) == process_);
        return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(output_), read(errors_)};
    }

private:
    static std::string read(const std::string& path)
    {
        std::ostringstream content;
        content << std::ifstream{path}.rdbuf();
        return content.str();
    }

    std::string output_;
    std::string errors_;
    pid_t process_ = -1;
};

inline Finished run(const TemporaryDirectory& directory, std::vector<std::string> arguments)
{
    arguments.insert(arguments.end(), {"--data", directory.path() + "/data"});
    return Program{directory, std::move(arguments)}.wait();
}

inline std::string sample()
{
    return SHOP_DATA;
}

// Makes DIRECTORY/data a shop with the sample in it, at the price of a copy: the first test of a build imports it.
void import_sample_into(const TemporaryDirectory& directory);

} // namespace shop::testing
