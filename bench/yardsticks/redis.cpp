#include "redis.hpp"

#include "support/measuring/measure.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace bench {

namespace {

constexpr auto redis_program = "/usr/bin/redis-server";

sockaddr_un address_of(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    require(path.size() < sizeof address.sun_path, "the path of a socket is short enough");
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

// -1: nobody listens there.
int connected_to(const std::string& path)
{
    const int socket   = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = address_of(path);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
    ::close(socket);
    return -1;
}

} // namespace

RedisServer::RedisServer(const std::string& directory, std::string socket)
    : socket_{std::move(socket)},
      process_{{redis_program, "--port", "0", "--unixsocket", socket_, "--dir", directory, "--appendonly", "yes",
                "--appendfsync", "always", "--save", "", "--auto-aof-rewrite-percentage", "0"},
               SIGKILL}
{
}

RedisServer::~RedisServer()
{
    ::unlink(socket_.c_str());
}

std::unique_ptr<RedisServer> RedisServer::start(const std::string& directory)
{
    if (::access(redis_program, X_OK) != 0) return nullptr;
    std::filesystem::create_directories(directory);
    // In a directory with a short name: a socket's path may have a hundred bytes.
    const auto socket = "/tmp/eventloom-bench-redis-" + std::to_string(::getpid());
    std::unique_ptr<RedisServer> server{new RedisServer{directory, socket}};
    for (int tries = 0; tries < 500; ++tries) {
        if (const int there = connected_to(socket); there >= 0) {
            ::close(there);
            return server;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    require(false, "Redis starts within ten seconds");
    return nullptr;
}

RedisConnection::RedisConnection(const std::string& socket) : socket_{connected_to(socket)}
{
    require(socket_ >= 0, "Redis takes a connection");
}

RedisConnection::~RedisConnection()
{
    ::close(socket_);
}

void RedisConnection::ask(std::initializer_list<std::string_view> words)
{
    asked_ += '*' + std::to_string(words.size()) + "\r\n";
    for (const auto word : words) {
        asked_ += '$' + std::to_string(word.size()) + "\r\n";
        asked_.append(word).append("\r\n");
    }
}

void RedisConnection::send()
{
    for (std::string_view rest = asked_; not rest.empty();) {
        const auto sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
        require(sent > 0, "Redis reads what it is asked");
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    asked_.clear();
}

void RedisConnection::receive()
{
    std::array<char, 64u << 10> bytes;
    const auto count = ::recv(socket_, bytes.data(), bytes.size(), 0);
    require(count > 0, "Redis answers");
    received_.append(bytes.data(), static_cast<std::size_t>(count));
}

std::string_view RedisConnection::line()
{
    auto end = received_.find("\r\n", read_);
    while (end == std::string::npos) {
        receive();
        end = received_.find("\r\n", read_);
    }
    const auto begin = std::exchange(read_, end + 2);
    return std::string_view{received_}.substr(begin, end - begin);
}

std::string_view RedisConnection::bytes(std::size_t count)
{
    while (received_.size() < read_ + count + 2) receive();
    const auto begin = std::exchange(read_, read_ + count + 2);
    return std::string_view{received_}.substr(begin, count);
}

RedisReply RedisConnection::read()
{
    const std::string head{line()};
    require(not head.empty() && head[0] != '-', "Redis does what it is asked: " + head);
    const auto rest = head.substr(1);
    if (head[0] == '+' || head[0] == ':') return {.text = rest};
    const long count = std::stol(rest);
    if (count < 0) return {.is_nothing = true};
    if (head[0] == '$') return {.text = std::string{bytes(static_cast<std::size_t>(count))}};
    RedisReply reply;
    for (long i = 0; i < count; ++i) reply.parts.push_back(read());
    return reply;
}

RedisReply RedisConnection::answer()
{
    if (not asked_.empty()) send();
    if (read_ > (1u << 20)) {
        received_.erase(0, read_);
        read_ = 0;
    }
    return read();
}

} // namespace bench
