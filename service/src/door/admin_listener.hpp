// Accepts connections, reads one request from each within the limits, and answers it.
#pragma once

#include "door/admin_socket.hpp"
#include "door/http_head.hpp"

#include "door/admin_door.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace eventloom {

class AdminDoor::Listener {
public:
    Listener(AdminSocket socket, AdminAnswers answers, const AdminLimits& limits);
    ~Listener();

    class Connection;

    // Threads that start all together or not at all. boost::asio::thread_pool waits for ever for its other threads when the
    // system refuses one more.
    class Workers {
    public:
        explicit Workers(std::size_t count);
        ~Workers();
        boost::asio::io_context& context() { return context_; }
        void join(); // after everything that was posted is done

    private:
        boost::asio::io_context context_;
        boost::asio::executor_work_guard<boost::asio::io_context::executor_type> has_more_;
        std::vector<std::thread> threads_;
    };

private:
    // Answers that come later go to connections that may have ended, and to a door that may be closed.
    struct Gate {
        std::mutex mutex;
        bool is_open = true;
    };
    using Protocol = boost::asio::local::stream_protocol;

    void accept();
    void take(Protocol::socket socket);

    const AdminSocket file_; // its descriptor is the acceptor's
    const AdminAnswers answers_;
    const AdminLimits limits_;
    const Descriptor stopping_; // readable after the service has begun to stop
    std::atomic<std::size_t> connections_{0};
    std::atomic<std::size_t> commands_{0};
    const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
    std::mutex waiting_mutex_;
    std::set<std::shared_ptr<Connection>> waiting_; // workers that wait for an answer

    boost::asio::io_context context_{1}; // served by one thread
    Protocol::acceptor acceptor_{context_};
    boost::asio::steady_timer pause_{context_};
    Workers workers_;
    std::thread thread_;
};

} // namespace eventloom
