// The door of a running service: HTTP on the Unix socket `admin.sock` in its data directory, for its own user alone.
//
//     BOOST_OUTCOME_TRY(const auto door, AdminDoor::open("var/shop", {.health = ..., .status = ..., .carry_out = ...}));
//
//     curl --unix-socket var/shop/admin.sock http://localhost/status
//
// GET /health and GET /status answer with JSON; POST /command carries out a command line, and is answered with what the
// command says, line by line, while it goes on. Every command of the program goes this way when its service runs.
//
// Only the process that has the directory's log open may open the door: then a socket that stands there already is one that
// a killed process has left, and is replaced. What comes in is limited in size, in depth, in time and in number; one request
// a connection. Threads: the door owns one that listens, and one for each command that goes on, up to a limit, because
// sockets must be served while commands run, and commands while others run; its destructor joins them all. `health`,
// `status` and `carry_out` are called on these.
#pragma once

#include <eventloom/service/console.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace eventloom {

// A command line that came in.
struct AdminCommand {
    std::vector<std::string> arguments;
    std::string working_directory;
    std::string data_directory; // as whoever typed the command calls it
    long client_process_id = 0;
};

struct AdminAnswers {
    std::function<result<std::string>()> health; // a JSON document; an error is answered with 503, and itself
    std::function<std::string()> status;         // a JSON document
    // Carries it out, says what it says to the console, and gives the exit code.
    std::function<int(const AdminCommand&, Console&)> carry_out;
};

struct AdminLimits {
    std::size_t head_bytes_max       = 8u << 10;
    std::size_t body_bytes_max       = 256u << 10;
    std::size_t connections_max      = 512;
    std::size_t commands_at_once_max = 16;
    Duration request_time_max        = std::chrono::seconds{5}; // from the connection to the last byte of the request
};

class AdminDoor {
public:
    // Failure::storage  "no-admin-socket";  Failure::invalid "not-a-socket", "directory-open-to-others".
    static result<std::unique_ptr<AdminDoor>> open(const std::string& directory, AdminAnswers answers,
                                                   AdminLimits limits = {});
    // Commands that go on are asked to end, and waited for.
    ~AdminDoor();

private:
    class Listener;
    explicit AdminDoor(std::unique_ptr<Listener> listener);
    std::unique_ptr<Listener> listener_;
};

} // namespace eventloom
