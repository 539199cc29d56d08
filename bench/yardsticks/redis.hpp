// A redis-server of our own, and a connection to it that speaks RESP.
//
//     const auto server = RedisServer::start(directory);            // nullptr: it is not installed
//     RedisConnection redis{server->socket()};
//     redis.ask({"XADD", "jobs", "*", "payload", "x"});             // many may be asked before the first is answered
//     const auto reply = redis.answer();
//
// What fails ends the program. Threads: one for each connection.
#pragma once

#include "server_process.hpp"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class RedisServer {
public:
    // Everything that it acknowledges is synced (appendfsync always). It ends with this object.
    static std::unique_ptr<RedisServer> start(const std::string& directory);
    ~RedisServer();
    RedisServer(const RedisServer&)            = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    const std::string& socket() const { return socket_; }

private:
    RedisServer(const std::string& directory, std::string socket);
    const std::string socket_;
    const ServerProcess process_;
};

struct RedisReply {
    bool is_nothing               = false;
    std::string text              = {}; // or digits
    std::vector<RedisReply> parts = {};
};

class RedisConnection {
public:
    explicit RedisConnection(const std::string& socket);
    ~RedisConnection();
    RedisConnection(const RedisConnection&)            = delete;
    RedisConnection& operator=(const RedisConnection&) = delete;

    void ask(std::initializer_list<std::string_view> words);
    RedisReply answer(); // of the first question that has none yet

private:
    void send();
    void receive();
    std::string_view line();
    std::string_view bytes(std::size_t count);
    RedisReply read();

    const int socket_;
    std::string asked_;
    std::string received_;
    std::size_t read_ = 0; // of it
};

} // namespace bench
