// Who asks a running service at its door, byte for byte.
//
//     body_of(DoorClient{directory}.send(get("/status")).read());
//
// Threads: one for each client.
#pragma once

#include <catch2/catch.hpp>

#include <cstring>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace eventloom::testing {

// One connection, as bytes.
class DoorClient {
public:
    explicit DoorClient(const std::string& directory) : connection_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}
    {
        const int opened = ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
        const auto path  = "/proc/self/fd/" + std::to_string(opened) + "/admin.sock";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        const bool connected = ::connect(connection_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::close(opened);
        REQUIRE(connected);
    }
    ~DoorClient() { ::close(connection_); }
    DoorClient(const DoorClient&)            = delete;
    DoorClient& operator=(const DoorClient&) = delete;

    // What the door does not take any more is not sent.
    DoorClient& send(std::string_view text)
    {
        while (not text.empty()) {
            const auto sent = ::send(connection_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) break;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return *this;
    }
    void send_no_more() const { ::shutdown(connection_, SHUT_WR); }

    // Up to and with `mark`, or everything until the door closes.
    std::string read(std::string_view mark = {})
    {
        char bytes[4096];
        for (;;) {
            if (const auto at = received_.find(mark); not mark.empty() && at != std::string::npos) return received_;
            const auto count = ::recv(connection_, bytes, sizeof bytes, 0);
            if (count <= 0) return received_;
            received_.append(bytes, static_cast<std::size_t>(count));
        }
    }

private:
    int connection_;
    std::string received_;
};

inline std::string body_of(const std::string& answer)
{
    const auto end = answer.find("\r\n\r\n");
    return end == std::string::npos ? "" : answer.substr(end + 4);
}

inline std::string get(const std::string& page)
{
    return "GET " + page + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

inline std::string post(const std::string& body)
{
    return "POST /command HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace eventloom::testing
