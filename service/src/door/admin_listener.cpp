#include "door/admin_listener.hpp"

#include "door/command_request.hpp"
#include "door/door_console.hpp"
#include "json/limited_json.hpp"

#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/service/output.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <fmt/core.h>

#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace eventloom {

namespace {

namespace asio = boost::asio;

constexpr std::size_t workers_for_status =
    2; // beside those for commands, so that /status answers when all of them are busy
constexpr auto pause_after_a_fault = std::chrono::milliseconds{100};

Error too_many(const std::string& of_what)
{
    return {Failure::unavailable, "service-busy", "asked the service and found it busy with " + of_what};
}

std::string error_json(const Error& error)
{
    return Json{{"error", {{"kind", to_string(error.kind)}, {"code", error.code}, {"sentence", error.sentence}}}}
        .dump();
}

unsigned status_of_error(const Error& error)
{
    switch (error.kind) {
    case Failure::invalid:
        return 400;
    case Failure::refused:
    case Failure::conflict:
        return 409;
    case Failure::unavailable:
        return 503;
    default:
        return 500;
    }
}

} // namespace

// One client: its request, and what becomes of it. Lives as long as something of it is under way.
class AdminDoor::Listener::Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(Protocol::socket socket, Listener& listener)
        : listener_{listener}, socket_{std::move(socket)}, time_limit_{listener.context_}
    {
        ++listener_.connections_;
    }
    ~Connection() { --listener_.connections_; }
    Connection(const Connection&)            = delete;
    Connection& operator=(const Connection&) = delete;

    void begin()
    {
        time_limit_.expires_after(listener_.limits_.request_time_max);
        time_limit_.async_wait([weak = weak_from_this()](const auto& error) {
            if (const auto self = weak.lock(); self && not error && not self->is_whole_) self->socket_.close();
        });
        asio::async_read_until(socket_, asio::dynamic_buffer(received_, listener_.limits_.head_bytes_max), "\r\n\r\n",
                               [self = shared_from_this()](const auto& error, std::size_t head_bytes) {
                                   self->take_head(error, head_bytes);
                               });
    }

    void refuse(unsigned status, const Error& error) { answer(status, error_json(error)); }

private:
    void take_head(const boost::system::error_code& error, std::size_t head_bytes)
    {
        if (error == asio::error::not_found) {
            return refuse(
                431, {Failure::invalid, "head-too-large",
                      fmt::format("read an HTTP request and found a head of more than {} bytes; send fewer headers",
                                  listener_.limits_.head_bytes_max)});
        }
        if (error) return; // gone, or too slow
        const auto& limits = listener_.limits_;
        auto head          = read_http_head(std::string_view{received_}.substr(0, head_bytes), limits.worker_bytes_max);
        // A body is limited by what it is for.
        if (head && not is_of_worker(head.value().path)) {
            head = read_http_head(std::string_view{received_}.substr(0, head_bytes), limits.body_bytes_max);
        }
        if (not head) return refuse(head.error().status, head.error().error);
        head_ = std::move(head.value());
        received_.erase(0, head_bytes);
        const std::size_t missing = head_.body_bytes - std::min(head_.body_bytes, received_.size());
        asio::async_read(socket_, asio::dynamic_buffer(received_), asio::transfer_exactly(missing),
                         [self = shared_from_this()](const auto& failed, std::size_t) {
                             if (not failed) self->route();
                         });
    }

    void route()
    {
        is_whole_ = true;
        time_limit_.cancel();
        received_.resize(head_.body_bytes);
        if (head_.path == "/health" || head_.path == "/status") {
            if (head_.method != "GET") return refuse_method("GET");
            asio::post(listener_.workers_.context(), [self = shared_from_this()] {
                const auto& answers = self->listener_.answers_;
                const auto& path    = self->head_.path;
                const auto said     = call_user_code("what answers", path, [&]() -> result<std::string> {
                    if (path == "/health") return answers.health();
                    return answers.status();
                });
                said ? self->answer(200, said.value()) : self->refuse(503, said.error());
            });
        } else if (head_.path == "/command") {
            if (head_.method != "POST") return refuse_method("POST");
            begin_command();
        } else if (is_of_worker(head_.path) && listener_.answers_.worker) {
            if (head_.method != "POST") return refuse_method("POST");
            ask_for_worker();
        } else {
            refuse(404, {Failure::invalid, "no-such-page",
                         "asked for a page that does not exist; use GET /health, GET /status or POST /command"});
        }
    }

    void refuse_method(const std::string& method)
    {
        refuse(405, {Failure::invalid, "wrong-method",
                     "asked for " + head_.path + " with another method than " + method + "; use " + method});
    }

    void begin_command()
    {
        if (not head_.content_type.starts_with("application/json")) {
            return refuse(415, {Failure::invalid, "not-application-json",
                                "read a command and found no Content-Type: application/json; send it with one"});
        }
        auto request = command_request_of(received_);
        if (not request) return refuse(400, request.error());
        if (listener_.commands_.fetch_add(1) >= listener_.limits_.commands_at_once_max) {
            --listener_.commands_;
            return refuse(503, too_many("as many commands as it takes at once"));
        }
        asio::post(listener_.workers_.context(), [self = shared_from_this(), request = std::move(request.value())] {
            self->carry_out(request);
            --self->listener_.commands_;
        });
    }

    void carry_out(const CommandRequest& request)
    {
        const int connection = socket_.native_handle();
        DoorConsole console{connection, listener_.stopping_.number(), request.shape};
        console.send(http_head_of_lines());
        const AdminCommand command{.arguments         = request.arguments,
                                   .working_directory = request.working_directory,
                                   .data_directory    = request.data_directory,
                                   .client_process_id = AdminSocket::peer_of(connection).process};
        const auto ended =
            call_user_code("a command", {}, [&] { return listener_.answers_.carry_out(command, console); });
        if (not ended) report(console, ended.error(), false);
        console.end(ended ? ended.value() : static_cast<int>(ExitCode::failed));
    }

    bool is_of_worker(std::string_view path) const
    {
        return path.starts_with("/jobs/") || path.starts_with("/groups/");
    }

    // The answer may come when this connection, or the door, is gone. No thread waits for it.
    void ask_for_worker()
    {
        if (not head_.content_type.starts_with("application/octet-stream")) {
            return refuse(415, {Failure::invalid, "not-bytes",
                                "read what a worker says and found no Content-Type: application/octet-stream"});
        }
        {
            const std::lock_guard lock{listener_.waiting_mutex_};
            listener_.waiting_.insert(shared_from_this());
        }
        const auto answer = [weak = weak_from_this(), gate = listener_.gate_](result<std::string> answered) {
            const std::lock_guard lock{gate->mutex};
            const auto self = gate->is_open ? weak.lock() : nullptr;
            if (not self) return;
            asio::post(self->listener_.workers_.context(),
                       [self, answered = std::move(answered)] { self->answer_worker(answered); });
        };
        const auto still_there = [weak = weak_from_this()] {
            const auto self = weak.lock();
            if (not self) return false;
            pollfd gone{self->socket_.native_handle(), POLLRDHUP, 0};
            return ::poll(&gone, 1, 0) == 0;
        };
        asio::post(listener_.workers_.context(), [self = shared_from_this(), answer, still_there] {
            self->listener_.answers_.worker({self->head_.path, std::move(self->received_), still_there, answer});
        });
    }

    void answer_worker(const result<std::string>& answered)
    {
        DoorConsole console{socket_.native_handle(), listener_.stopping_.number(), {}};
        console.send(answered ? http_answer_of_bytes(answered.value())
                              : http_answer(status_of_error(answered.error()), error_json(answered.error())));
        const std::lock_guard lock{listener_.waiting_mutex_};
        listener_.waiting_.erase(shared_from_this());
    }

    // Fits into what the system keeps for a connection that nothing was sent on.
    void answer(unsigned status, const std::string& json)
    {
        DoorConsole{socket_.native_handle(), listener_.stopping_.number(), {}}.send(http_answer(status, json));
    }

    Listener& listener_;
    Protocol::socket socket_;
    asio::steady_timer time_limit_;
    std::string received_;
    HttpHead head_;
    bool is_whole_ = false; // the request was read: from here on only the answering thread closes the socket
};

AdminDoor::Listener::Workers::Workers(std::size_t count) : has_more_{asio::make_work_guard(context_)}
{
    try {
        while (threads_.size() < count) threads_.emplace_back([this] { context_.run(); });
    } catch (...) { // the system refuses one
        context_.stop();
        join();
        throw;
    }
}

AdminDoor::Listener::Workers::~Workers()
{
    context_.stop();
    join();
}

void AdminDoor::Listener::Workers::join()
{
    has_more_.reset();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

AdminDoor::Listener::Listener(AdminSocket socket, AdminAnswers answers, const AdminLimits& limits)
    : file_{std::move(socket)}, answers_{std::move(answers)}, limits_{limits}, stopping_{::eventfd(0, EFD_CLOEXEC)},
      workers_{limits.commands_at_once_max + workers_for_status}
{
    if (stopping_.number() < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
    acceptor_.assign(Protocol{}, ::dup(file_.descriptor()));
    accept();
    thread_ = std::thread{[this] { context_.run(); }};
}

AdminDoor::Listener::~Listener()
{
    {
        const std::lock_guard lock{gate_->mutex};
        gate_->is_open = false; // what is answered from here on is sent by nobody
    }
    const std::uint64_t one                     = 1;
    [[maybe_unused]] const ssize_t cannot_block = ::write(stopping_.number(), &one, sizeof one);
    file_.remove_file();
    context_.stop(); // requests that are not whole are of no consequence
    thread_.join();
    workers_.join(); // commands have been asked to end
    waiting_.clear();
}

void AdminDoor::Listener::accept()
{
    acceptor_.async_accept([this](const boost::system::error_code& error, Protocol::socket socket) {
        if (not error) {
            take(std::move(socket));
            return accept();
        }
        // No file descriptor left, for one: some will be given back.
        pause_.expires_after(pause_after_a_fault);
        pause_.async_wait([this](const auto& stopped) {
            if (not stopped) accept();
        });
    });
}

void AdminDoor::Listener::take(Protocol::socket socket)
{
    const auto user = AdminSocket::peer_of(socket.native_handle()).user;
    if (user != ::geteuid() && user != 0) return;
    const auto connection = std::make_shared<Connection>(std::move(socket), *this);
    if (connections_ > limits_.connections_max) return connection->refuse(503, too_many("other connections"));
    connection->begin();
}

} // namespace eventloom
