#include "door/door_request.hpp"

#include "door/admin_socket.hpp"
#include "door/http_head.hpp"
#include "json/limited_json.hpp"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <poll.h>
#include <sys/socket.h>

namespace eventloom {

namespace {

constexpr int look_around_ms = 50;

Error not_reached(const std::string& directory, std::string_view found)
{
    return {Failure::unavailable, "service-not-reached",
            fmt::format("asked the service in {} and found {}", directory, found)};
}

// {"error": {"kind", "code", "sentence"}}
Error error_of_answer(const std::string& directory, std::string_view body)
{
    constexpr std::size_t depth_max = 4;
    const auto json                 = parse_limited_json(body, depth_max);
    const auto& error               = json ? json.value()["error"] : Json{};
    for (auto kind = Failure::refused; kind <= Failure::defect;
         kind      = static_cast<Failure>(static_cast<int>(kind) + 1)) {
        if (error["kind"].is_text() && error["kind"].text() == to_string(kind)) {
            return {kind, error["code"].text(), error["sentence"].text()};
        }
    }
    return not_reached(directory, "an answer that is none of a service");
}

} // namespace

result<std::string> post_to_door(const std::string& directory, std::string_view path, std::string_view body,
                                 Duration patience, const std::function<bool()>& gives_up)
{
    const auto until = std::chrono::steady_clock::now() + patience;
    BOOST_OUTCOME_TRY(const auto service, AdminSocket::connect(directory, patience));
    if (not service) return not_reached(directory, "that none runs there");
    const int connection = service->descriptor();
    // What cannot be sent was refused before it was read: the answer says why.
    send_all(connection, fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
                                     "Content-Length: {}\r\n\r\n",
                                     path, body.size()));
    send_all(connection, body);
    std::string received;
    for (;;) {
        pollfd ready{connection, POLLIN, 0};
        const int is_ready = ::poll(&ready, 1, look_around_ms);
        if (is_ready < 0 && errno != EINTR) return not_reached(directory, "that the system does not wait for it");
        if (is_ready <= 0) {
            if (gives_up())
                return Error{Failure::unavailable, "interrupted", "stopped before the service had answered"};
            if (std::chrono::steady_clock::now() >= until) return not_reached(directory, "that it does not answer");
            continue;
        }
        std::array<char, 64u << 10> bytes;
        const auto count = ::recv(connection, bytes.data(), bytes.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        received.append(bytes.data(), static_cast<std::size_t>(count));
    }
    const auto end = received.find("\r\n\r\n");
    if (end == std::string::npos) return not_reached(directory, "that it ended before it had answered");
    const auto head   = std::string_view{received}.substr(0, end + 4);
    const auto answer = std::string_view{received}.substr(end + 4);
    const auto length = http_length_of(head);
    const auto is_cut = not length || *length != answer.size();
    if (is_cut) return not_reached(directory, "that it ended while it answered");
    if (http_status_of(head) != 200) return error_of_answer(directory, answer);
    return std::string{answer};
}

} // namespace eventloom
