#include "door/admin_client.hpp"

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

constexpr Duration quiet_max         = std::chrono::seconds{5}; // then the service is asked whether it is there
constexpr Duration pause_for_a_turn  = std::chrono::milliseconds{20};
constexpr Duration pauses_for_a_turn = std::chrono::seconds{1}; // at most

Error went_away()
{
    return {Failure::unknown, "service-went-away",
            "sent the command to the service and found that the service ended before it had answered; "
            "check whether the command was carried out before you repeat it"};
}

std::string in_seconds(Duration span)
{
    return counted(static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(span).count()), "second");
}

Error does_not_answer(const std::string& directory, pid_t process, Duration patience)
{
    const auto number = std::to_string(process);
    return {Failure::unknown, "service-does-not-answer",
            "asked the service in " + directory + ", process " + number +
                ", and found that it neither answers nor, within " + in_seconds(patience) +
                ", says that it is there; it may have been stopped (`kill -CONT " + number +
                "` continues it), or it hangs; check whether the command was carried out before you repeat it"};
}

int milliseconds_of(Duration span)
{
    return static_cast<int>(std::min<long>(std::chrono::ceil<std::chrono::milliseconds>(span).count(), 1 << 30));
}

// Whether the service says that it is there, by a connection of its own. One that is gone says so with the end of the other.
bool is_there(const std::string& directory, Duration patience)
{
    const auto service = AdminSocket::connect(directory, patience);
    if (not service) return false;
    if (not service.value()) return true;
    const int connection = service.value()->descriptor();
    if (not send_all(connection, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")) return false;
    pollfd answered{connection, POLLIN, 0};
    while (::poll(&answered, 1, milliseconds_of(patience)) < 0 && errno == EINTR) {
    }
    return answered.revents != 0;
}

// What the service answers, as it comes.
class Answer {
public:
    Answer(int connection, std::string directory, const StopSignals& signals, Duration patience)
        : connection_{connection}, directory_{std::move(directory)}, signals_{signals}, patience_{patience}
    {
    }

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

    // When nothing more comes.
    const Error& why_nothing_more() const { return why_nothing_more_; }

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
        const int quiet_ms = milliseconds_of(std::min(patience_, quiet_max));
        for (;;) {
            const int ready = ::poll(either.data(), asked_to_end_ ? 1 : 2, quiet_ms);
            if (ready > 0) break;
            if (ready < 0 && errno == EINTR) continue;
            if (is_there(directory_, patience_)) continue;
            why_nothing_more_ = does_not_answer(directory_, AdminSocket::peer_of(connection_).process, patience_);
            return false;
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
    const std::string directory_;
    const StopSignals& signals_;
    const Duration patience_;
    std::string received_;
    Error why_nothing_more_ = went_away();
    bool asked_to_end_      = false;
};

std::string text_or(const Json& json, const char* otherwise)
{
    return json.is_text() ? json.text() : otherwise;
}

// {"error": {"kind", "code", "sentence"}}, as the service and --json write it.
Error error_in(std::string_view text)
{
    const auto json = parse_limited_json(text, door_json_depth_max);
    if (not json || not json.value().contains("error")) return went_away();
    const auto& error = json.value()["error"];
    return {Failure::unavailable, text_or(error["code"], "service-refused"),
            text_or(error["sentence"], "it was refused")};
}

result<int> ask_once(const AdminSocket& service, const std::string& directory, const CommandRequest& request,
                     const StopSignals& signals, Console& console, Duration patience)
{
    const auto body = to_json(request);
    // What cannot be sent was refused before it was read: the answer says why.
    send_all(service.descriptor(), fmt::format("POST /command HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                                               "application/json\r\nContent-Length: {}\r\n\r\n{}",
                                               body.size(), body));
    Answer answer{service.descriptor(), directory, signals, patience};
    const auto head = answer.next("\r\n\r\n");
    if (not head) return answer.why_nothing_more();
    if (http_status_of(*head) != 200) return error_in(answer.rest());
    for (;;) {
        const auto line = answer.next("\n");
        if (not line) return answer.why_nothing_more();
        BOOST_OUTCOME_TRY(const auto reply, reply_of(*line));
        if (const auto* ended = std::get_if<Ended>(&reply)) return ended->exit_code;
        if (const auto* out = std::get_if<SaidOut>(&reply)) console.out(out->text);
        if (const auto* err = std::get_if<SaidErr>(&reply)) console.err(err->text);
    }
}

} // namespace

result<std::optional<int>> ask_service(const std::string& directory, const CommandRequest& request,
                                       const StopSignals& signals, Console& console, Duration patience)
{
    const auto until = std::chrono::steady_clock::now() + patience;
    for (auto pause = pause_for_a_turn;; pause = std::min(pause * 2, pauses_for_a_turn)) {
        BOOST_OUTCOME_TRY(const auto service, AdminSocket::connect(directory, patience));
        if (not service) return std::optional<int>{};
        auto ended = ask_once(*service, directory, request, signals, console, patience);
        if (ended) return std::optional{ended.value()};
        if (ended.error().code != "service-busy") return std::move(ended.error());
        // Nothing was begun: it can be asked again.
        if (std::chrono::steady_clock::now() >= until) {
            return fail(Failure::unavailable, "service-busy",
                        ended.error().sentence + "; waited " + in_seconds(patience) +
                            " for a turn, which is as long as --wait says; nothing was done");
        }
        BOOST_OUTCOME_TRY(console.wait(pause));
    }
}

} // namespace eventloom
