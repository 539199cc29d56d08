// Takes connections, reads one request from each within its limits, and has it answered.
#pragma once

#include "admin_socket.hpp"
#include "http_head.hpp"

#include <eventloom/service/admin_door.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <thread>

namespace eventloom {

class AdminDoor::Listener {
public:
    Listener(AdminSocket socket, AdminAnswers answers, const AdminLimits& limits);
    ~Listener();

    class Connection;

private:
    using Protocol = boost::asio::local::stream_protocol;

    void accept();
    void take(Protocol::socket socket);

    const AdminSocket file_; // its descriptor is the acceptor's
    const AdminAnswers answers_;
    const AdminLimits limits_;
    const Descriptor stopping_; // readable from when on the service stops
    std::atomic<std::size_t> connections_{0};
    std::atomic<std::size_t> commands_{0};

    boost::asio::io_context context_{1}; // served by one thread
    Protocol::acceptor acceptor_{context_};
    boost::asio::steady_timer pause_{context_};
    boost::asio::thread_pool workers_;
    std::thread thread_;
};

} // namespace eventloom
