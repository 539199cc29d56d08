// The socket in a data directory: where it is, which users may use it, and which process is connected.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace eventloom {

// A file descriptor that the destructor closes.
class Descriptor {
public:
    explicit Descriptor(int number = -1) : number_{number} {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : number_{other.release()} {}
    Descriptor& operator=(Descriptor&& other) noexcept;

    int number() const { return number_; }
    int release();

private:
    int number_;
};

struct Peer {
    pid_t process = 0;
    uid_t user    = 0;
};

class AdminSocket {
public:
    // Listens in the directory; this process must have its log open. The socket has mode 0600 from the beginning.
    static result<AdminSocket> listen(const std::string& directory);

    // Nothing when no process listens: there is no socket, or a killed process has left it.
    // The time limit is for a service that accepts no connection, because it hangs or too many wait, and for one that reads no
    // more.  Failure::unavailable "service-not-reached"; Failure::refused "service-of-another-user".
    static result<std::optional<AdminSocket>> connect(const std::string& directory, Duration patience);

    // The process at the other end of a connection.
    static Peer peer_of(int connection);

    int descriptor() const { return socket_.number(); }
    int release() { return socket_.release(); }
    // Removes the file of a listening socket.
    void remove_file() const;

private:
    AdminSocket(Descriptor directory, Descriptor socket) : directory_{std::move(directory)}, socket_{std::move(socket)}
    {
    }

    Descriptor directory_;
    Descriptor socket_;
};

// Blocks until everything is sent; false: the other end takes no more.
bool send_all(int connection, std::string_view text);

} // namespace eventloom
