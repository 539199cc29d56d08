// The socket in a data directory: where it is, who may use it, and who is at the other end.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <optional>
#include <string>
#include <sys/types.h>

namespace eventloom {

// A file descriptor that is closed when it goes.
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
    // Listens in the directory, whose log this process has open. The file is there with mode 0600 from the first moment on.
    static result<AdminSocket> listen(const std::string& directory);

    // Nothing when nobody listens there: no socket, or one that a killed process has left.
    // A service that takes no connection, because it hangs or too many wait, is waited for so long; so is one that takes no more
    // of what is sent to it.  Failure::unavailable "service-not-reached"; Failure::refused "service-of-another-user".
    static result<std::optional<AdminSocket>> connect(const std::string& directory, Duration patience);

    // Who is at the other end of a connection.
    static Peer peer_of(int connection);

    int descriptor() const { return socket_.number(); }
    int release() { return socket_.release(); }
    // Takes the file of a listening socket away.
    void remove_file() const;

private:
    AdminSocket(Descriptor directory, Descriptor socket) : directory_{std::move(directory)}, socket_{std::move(socket)}
    {
    }

    Descriptor directory_;
    Descriptor socket_;
};

} // namespace eventloom
