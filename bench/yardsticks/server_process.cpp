#include "server_process.hpp"

#include "support/measuring/measure.hpp"

#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <map>
#include <mutex>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

namespace {

bool has_ended_well(pid_t process)
{
    int status = 0;
    return ::waitpid(process, &status, 0) == process && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A program that fails ends by exit(), which knows only what is static: the servers that run then are ended from here, before
// their directories go.
class RunningServers {
public:
    void add(pid_t process, int ends_by)
    {
        const std::lock_guard lock{mutex_};
        ends_by_[process] = ends_by;
    }
    void end(pid_t process)
    {
        const std::lock_guard lock{mutex_};
        end_it(process, ends_by_.at(process));
        ends_by_.erase(process);
    }
    ~RunningServers()
    {
        for (const auto& [process, ends_by] : ends_by_) end_it(process, ends_by);
    }

private:
    static void end_it(pid_t process, int ends_by)
    {
        ::kill(process, ends_by);
        has_ended_well(process);
    }
    std::mutex mutex_;
    std::map<pid_t, int> ends_by_;
};

RunningServers& running_servers()
{
    static RunningServers all;
    return all;
}

enum class Shown : std::uint8_t { nothing, errors };

// Between fork and exec: only what a program with threads may call there.
[[noreturn]] void become(char* const* arguments, pid_t parent, int ends_by, const ProcessUser* as, Shown shown)
{
    const int nowhere = ::open("/dev/null", O_RDWR);
    ::dup2(nowhere, STDIN_FILENO);
    ::dup2(nowhere, STDOUT_FILENO);
    if (shown == Shown::nothing) ::dup2(nowhere, STDERR_FILENO);
    // The directory of the bench may be closed to that user.
    if (::chdir("/") != 0) ::_exit(1);
    if (as != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(as->group) != 0 || ::setuid(as->user) != 0)) {
        ::_exit(1);
    }
    // After the change of user, which takes it back. A bench that is killed takes its servers with it.
    if (::prctl(PR_SET_PDEATHSIG, ends_by) != 0 || ::getppid() != parent) ::_exit(1);
    ::execv(arguments[0], arguments);
    ::_exit(1);
}

pid_t start_process(const std::vector<std::string>& command, int ends_by, const std::optional<ProcessUser>& as,
                    Shown shown)
{
    std::vector<char*> arguments;
    for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const pid_t parent  = ::getpid();
    const pid_t process = ::fork();
    require(process >= 0, "a process");
    if (process == 0) become(arguments.data(), parent, ends_by, as ? &*as : nullptr, shown);
    return process;
}

} // namespace

ServerProcess::ServerProcess(const std::vector<std::string>& command, int ends_by, const std::optional<ProcessUser>& as)
    : process_{start_process(command, ends_by, as, Shown::nothing)}
{
    running_servers().add(process_, ends_by);
}

ServerProcess::~ServerProcess()
{
    running_servers().end(process_);
}

bool run_program(const std::vector<std::string>& command, const std::optional<ProcessUser>& as)
{
    return has_ended_well(start_process(command, SIGKILL, as, Shown::errors));
}

} // namespace bench
