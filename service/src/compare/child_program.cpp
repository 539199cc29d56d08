#include "compare/child_program.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace eventloom {

namespace {

constexpr int look_every_ms          = 100;
constexpr int patience_looks         = 50;       // for a program to end that says no more
constexpr std::size_t said_max       = 1u << 20; // kept while it is sent something
constexpr std::size_t line_bytes_max = 64u << 20;
constexpr std::size_t errors_max     = 64u << 10;

// A descriptor that is closed when it goes, unless it is taken.
struct PipeEnd {
    int number = -1;

    PipeEnd() = default;
    ~PipeEnd() { close(); }
    PipeEnd(const PipeEnd&)            = delete;
    PipeEnd& operator=(const PipeEnd&) = delete;

    int take() { return std::exchange(number, -1); }
    void close()
    {
        if (number >= 0) ::close(take());
    }
};

// The end of the program, and ours. A socket, because writing to one that was closed can be had without a signal.
struct Channel {
    PipeEnd theirs;
    PipeEnd ours;

    bool open()
    {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
        theirs.number = ends[0];
        ours.number   = ends[1];
        return ::fcntl(ours.number, F_SETFL, O_NONBLOCK) == 0;
    }
};

class SpawnSettings {
public:
    SpawnSettings()
    {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    ~SpawnSettings()
    {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }

    // Its three standard descriptors and no other; signals as a program expects them; not in the terminal's group, so that
    // Ctrl-C comes to it by us.
    void set(int input, int output, int error)
    {
        ::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO);
        ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
        sigset_t none;
        sigset_t every;
        ::sigemptyset(&none);
        ::sigfillset(&every);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setsigdefault(&attributes, &every);
        ::posix_spawnattr_setpgroup(&attributes, 0);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }

    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
};

result<void> cannot_run(const std::string& path, int error)
{
    return fail(Failure::invalid, "no-such-program",
                "asked to run the program " + path + " and found: " + std::strerror(error) +
                    "; give the path of a program");
}

} // namespace

result<std::unique_ptr<ChildProgram>> ChildProgram::start(const std::string& path, std::vector<std::string> arguments)
{
    Channel input;
    Channel output;
    Channel error;
    if (not input.open() || not output.open() || not error.open()) {
        return cannot_run(path, errno).error();
    }
    SpawnSettings settings;
    settings.set(input.theirs.number, output.theirs.number, error.theirs.number);
    std::vector<char*> words{const_cast<char*>(path.c_str())};
    for (auto& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    pid_t process = -1;
    const int refused =
        ::posix_spawn(&process, path.c_str(), &settings.actions, &settings.attributes, words.data(), environ);
    if (refused != 0) return cannot_run(path, refused).error();
    std::unique_ptr<ChildProgram> child{new ChildProgram};
    child->process_ = process;
    child->input_   = input.ours.take();
    child->output_  = output.ours.take();
    child->error_   = error.ours.take();
    return child;
}

ChildProgram::~ChildProgram()
{
    end_input();
    if (not has_ended_) {
        ::kill(process_, SIGKILL);
        while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
    }
    for (const int descriptor : {output_, error_}) {
        if (descriptor >= 0) ::close(descriptor);
    }
}

void ChildProgram::end_input()
{
    if (input_ >= 0) ::close(std::exchange(input_, -1));
}

// False when it says no more.
bool ChildProgram::keep_output()
{
    std::array<char, 64u << 10> bytes{};
    const auto come = ::recv(output_, bytes.data(), bytes.size(), 0);
    if (come < 0) return errno == EAGAIN || errno == EINTR;
    said_.append(bytes.data(), static_cast<std::size_t>(come));
    return come > 0;
}

void ChildProgram::keep_errors()
{
    std::array<char, 4'096> bytes{};
    const auto come = ::recv(error_, bytes.data(), bytes.size(), 0);
    if (come < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (come <= 0) {
        ::close(std::exchange(error_, -1));
        return;
    }
    ended_.errors.append(bytes.data(), static_cast<std::size_t>(come));
    if (ended_.errors.size() > errors_max) ended_.errors.erase(0, ended_.errors.size() - errors_max);
}

// Waits until something can be moved, a moment, and moves it.
result<void> ChildProgram::move_bytes(const Console& console, bool wants_to_send)
{
    BOOST_OUTCOME_TRY(console.go_on());
    // poll() looks past those that are negative.
    std::array<pollfd, 3> ends{pollfd{wants_to_send ? input_ : -1, POLLOUT, 0}, pollfd{output_, POLLIN, 0},
                               pollfd{error_, POLLIN, 0}};
    if (::poll(ends.data(), ends.size(), look_every_ms) <= 0) {
        can_send_ = false;
        return done();
    }
    can_send_ = ends[0].revents != 0;
    if (ends[1].revents != 0 && not keep_output()) ::close(std::exchange(output_, -1));
    if (ends[2].revents != 0) keep_errors();
    return done();
}

result<bool> ChildProgram::send(std::string_view bytes, const Console& console)
{
    while (not bytes.empty()) {
        BOOST_OUTCOME_TRY(move_bytes(console, true));
        if (output_ < 0 || said_.size() > said_max) return false;
        if (not can_send_) continue;
        const auto sent = ::send(input_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

result<std::optional<std::string>> ChildProgram::line(const Console& console)
{
    for (;;) {
        if (const auto end = said_.find('\n', searched_); end != std::string::npos) {
            auto text = said_.substr(0, end);
            said_.erase(0, end + 1);
            searched_ = 0;
            return std::optional{std::move(text)};
        }
        searched_ = said_.size();
        if (said_.size() > line_bytes_max) {
            return fail(Failure::corrupt, "line-too-long",
                        "read the output of another program and found a line without an end");
        }
        if (output_ < 0) return std::optional<std::string>{}; // an unfinished last line is ignored
        BOOST_OUTCOME_TRY(move_bytes(console, false));
    }
}

const ChildProgram::Ended& ChildProgram::wait()
{
    if (has_ended_) return ended_;
    end_input();
    int status = 0;
    for (int looks = 0; not has_ended_; ++looks) {
        if (error_ >= 0) {
            pollfd end{error_, POLLIN, 0};
            if (::poll(&end, 1, look_every_ms) > 0) keep_errors();
        } else {
            ::poll(nullptr, 0, looks == 0 ? 0 : look_every_ms);
        }
        if (looks == patience_looks) ::kill(process_, SIGKILL);
        has_ended_ = error_ < 0 && ::waitpid(process_, &status, looks < patience_looks ? WNOHANG : 0) == process_;
        if (looks > patience_looks && error_ >= 0) ::close(std::exchange(error_, -1)); // a child of its own has it
    }
    if (WIFEXITED(status)) ended_.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) ended_.signal = WTERMSIG(status);
    return ended_;
}

} // namespace eventloom
