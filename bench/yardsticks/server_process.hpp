// A server that is started for a measurement, and ends with it.
//
//     const ServerProcess server{{"/usr/bin/redis-server", "--port", "0"}, SIGKILL};
//
// It ends with this object; when the program ends in another way, it is ended, too. What it prints is not shown.
// What fails ends the program. Threads: servers are started by the thread that ends last.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

// Whose rights a process has, where those of the bench are too many for it.
struct ProcessUser {
    uid_t user;
    gid_t group;
};

class ServerProcess {
public:
    // `ends_by`: the signal that lets it end.
    ServerProcess(const std::vector<std::string>& command, int ends_by, const std::optional<ProcessUser>& as = {});
    ~ServerProcess();
    ServerProcess(const ServerProcess&)            = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

private:
    const pid_t process_;
};

// Runs a program to its end; what it says on standard error is shown. True: it did what it should.
bool run_program(const std::vector<std::string>& command, const std::optional<ProcessUser>& as = {});

} // namespace bench
