// The door of a running service: HTTP on the Unix socket `admin.sock` in its data directory, for its own user alone.
//
//     BOOST_OUTCOME_TRY(const auto door, AdminDoor::open("var/shop", {.health = ..., .status = ..., .carry_out = ...}));
//
//     curl --unix-socket var/shop/admin.sock http://localhost/status
//
// GET /health and GET /status return JSON. POST /command carries out a command line; the output of the command is sent line
// by line while it runs. POST /jobs/... and /groups/... are for workers in other processes. While the service runs, every command
// of the program goes this way.
//
// Only the process that has the directory's log open may open the door. So a socket that exists already was left by a killed
// process, and is replaced. Requests are limited in size, depth, time and number; a connection has one request. Threads: the
// door owns one that listens and one for each running command, up to a limit, so that sockets are served while commands run.
// Its destructor joins them all. They call `health`, `status` and `carry_out`.
#pragma once

#include <eventloom/service/output.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace eventloom {

// A command line that a client has sent.
struct AdminCommand {
    std::vector<std::string> arguments;
    std::string working_directory;
    std::string data_directory; // as the client writes it
    long client_process_id = 0;
};

// What a worker in another process says (work/messages.hpp). It may be answered later, from any thread.
struct WorkerRequest {
    std::string path;
    std::string body;
    std::function<bool()> still_there; // the worker waits for the answer; quick
    std::function<void(result<std::string>)> answer;
};

struct AdminAnswers {
    std::function<result<std::string>()> health; // a JSON document; an error is sent with status 503
    std::function<std::string()> status;         // a JSON document
    // Carries the command out, writes its output to the console, and returns its exit code.
    std::function<int(const AdminCommand&, Console&)> carry_out;
    // Must not wait. None: the door has no workers.
    std::function<void(WorkerRequest)> worker = {};
};

struct AdminLimits {
    std::size_t head_bytes_max       = 8u << 10;
    std::size_t body_bytes_max       = 256u << 10;
    std::size_t worker_bytes_max     = 65u << 20; // of a request of a worker: what an append may have, and more
    std::size_t connections_max      = 512;
    std::size_t commands_at_once_max = 16;
    Duration request_time_max        = std::chrono::seconds{5}; // from the connection to the last byte of the request
};

class AdminDoor {
public:
    // Failure::storage  "no-admin-socket";  Failure::invalid "not-a-socket", "directory-open-to-others".
    static result<std::unique_ptr<AdminDoor>> open(const std::string& directory, AdminAnswers answers,
                                                   AdminLimits limits = {});
    // Asks running commands to end, and waits for them.
    ~AdminDoor();

private:
    class Listener;
    explicit AdminDoor(std::unique_ptr<Listener> listener);
    std::unique_ptr<Listener> listener_;
};

} // namespace eventloom
