#include "simulated_disk/branches.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

// There when coverage is counted.
extern "C" void __gcov_dump() __attribute__((weak));

namespace eventloom::testing {

Branches::~Branches()
{
    if (in_one_) end("it was left without an end");
}

bool Branches::begin(const std::string& where)
{
    if (in_one_ || not wrong_.empty()) return false;
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    const auto process = fork();
    REQUIRE(process >= 0);
    if (process == 0) {
        close(pipe_ends[0]);
        report_ = pipe_ends[1];
        in_one_ = true;
        return true;
    }
    close(pipe_ends[1]);
    std::string report;
    char piece[4096];
    for (ssize_t size = 0; (size = read(pipe_ends[0], piece, sizeof piece)) > 0;) {
        report.append(piece, static_cast<std::size_t>(size));
    }
    close(pipe_ends[0]);
    int status = 0;
    REQUIRE(waitpid(process, &status, 0) == process);
    // "17 what is wrong"
    const auto space = report.find(' ');
    if (status != 0 || space == std::string::npos) {
        wrong_ = where + ": the branch ended with status " + std::to_string(status);
        return false;
    }
    ended_ += std::stoull(report.substr(0, space));
    if (space + 1 < report.size()) wrong_ = where + ": " + report.substr(space + 1);
    return false;
}

void Branches::end(const std::string& wrong, std::uint64_t ended)
{
    std::string report = std::to_string(ended) + " " + wrong;
    while (not report.empty()) {
        const auto written = write(report_, report.data(), report.size());
        if (written <= 0) _exit(2);
        report.erase(0, static_cast<std::size_t>(written));
    }
    if (__gcov_dump != nullptr) __gcov_dump();
    _exit(0);
}

} // namespace eventloom::testing
