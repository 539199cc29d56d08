#include "admin_client.hpp"

#include "http_head.hpp"
#include "limited_json.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace eventloom {

namespace {

constexpr std::size_t depth_max = 4;

Error went_away()
{
    return {Failure::unknown, "service-went-away",
            "asked the service and found that it went away before it had answered; "
            "look what has become of the command before you give it again"};
}

// What the service answers, as it comes.
class Answer {
public:
    Answer(int connection, const StopSignals& signals) : connection_{connection}, signals_{signals} {}

    // Up to and with `mark`; nothing when the service ends before it.
    std::optional<std::string> next(std::string_view mark)
    {
        std::size_t looked_at = 0;
        for (;;) {
            const auto at = received_.find(mark, looked_at);
            if (at != std::string::npos) {
                auto text = received_.substr(0, at + mark.size());
                received_.erase(0, at + mark.size());
                return text;
            }
            looked_at = received_.size() - std::min(received_.size(), mark.size() - 1);
            if (not receive()) return std::nullopt;
        }
    }

    std::string rest()
    {
        while (receive()) {
        }
        return std::move(received_);
    }

private:
    bool receive()
    {
        std::array<pollfd, 2> either{pollfd{connection_, POLLIN, 0}, pollfd{signals_.descriptor(), POLLIN, 0}};
        while (::poll(either.data(), asked_to_end_ ? 1 : 2, -1) < 0 && errno == EINTR) {
        }
        if (not asked_to_end_ && either[1].revents != 0) {
            asked_to_end_ = true;
            ::shutdown(connection_, SHUT_WR); // which the command there sees; what it still says is waited for
            return true;
        }
        std::array<char, 64u << 10> bytes;
        const auto count = ::recv(connection_, bytes.data(), bytes.size(), 0);
        if (count < 0) return errno == EINTR;
        received_.append(bytes.data(), static_cast<std::size_t>(count));
        return count > 0;
    }

    const int connection_;
    const StopSignals& signals_;
    std::string received_;
    bool asked_to_end_ = false;
};

bool send_all(int connection, std::string_view text)
{
    while (not text.empty()) {
        const auto sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) return false;
        if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

// {"error": {"kind", "code", "sentence"}}, as the service and --json write it.
Error error_in(std::string_view text)
{
    const auto json = parse_limited_json(text, depth_max);
    if (not json || not json.value().contains("error")) return went_away();
    const auto& error = json.value()["error"];
    return {Failure::unavailable, error.value("code", "service-refused"), error.value("sentence", "it was refused")};
}

} // namespace

result<int> ask_service(AdminSocket service, const CommandRequest& request, const StopSignals& signals,
                        Console& console)
{
    const auto body = to_json(request);
    // What cannot be sent was refused before it was read: the answer says why.
    send_all(service.descriptor(), "POST /command HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                   "Content-Length: " +
                                       std::to_string(body.size()) + "\r\n\r\n" + body);
    Answer answer{service.descriptor(), signals};
    const auto head = answer.next("\r\n\r\n");
    if (not head) return went_away();
    if (http_status_of(*head) != 200) return error_in(answer.rest());
    for (;;) {
        const auto line = answer.next("\n");
        if (not line) return went_away();
        BOOST_OUTCOME_TRY(const auto reply, reply_of(*line));
        if (const auto* ended = std::get_if<Ended>(&reply)) return ended->exit_code;
        if (const auto* out = std::get_if<SaidOut>(&reply)) console.out(out->text);
        if (const auto* err = std::get_if<SaidErr>(&reply)) console.err(err->text);
    }
}

} // namespace eventloom
