#include "door/door_console.hpp"

#include "terminal/system_console.hpp"

#include <eventloom/framework/utf8.hpp>

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace eventloom {

namespace {

constexpr std::size_t line_text_bytes   = 32u << 10; // of text in one line
constexpr int patience_when_stopping_ms = 200;

// As much of the text as a piece may hold, without a character that is cut in two.
std::string_view piece_of(std::string_view text)
{
    if (text.size() <= line_text_bytes) return text;
    std::size_t end = line_text_bytes;
    while (end > line_text_bytes - 4 && (text[end] & 0xC0) == 0x80) --end;
    return text.substr(0, end);
}

} // namespace

DoorConsole::DoorConsole(int connection, int stopping, const ConsoleShape& shape)
    : connection_{connection}, stopping_{stopping}, shape_{shape}
{
}

template <class Said>
void DoorConsole::say(std::string_view text)
{
    while (not text.empty() && not gone_) {
        const auto piece = piece_of(text);
        send(to_line(Said{std::string{piece}}));
        text.remove_prefix(piece.size());
    }
}

template void DoorConsole::say<SaidOut>(std::string_view);

void DoorConsole::err(std::string_view text)
{
    if (not is_stopping()) return say<SaidErr>(text);
    while (not text.empty()) {
        const auto piece = piece_of(text);
        last_words_ += to_line(SaidErr{std::string{piece}});
        text.remove_prefix(piece.size());
    }
}

bool DoorConsole::is_stopping() const
{
    pollfd stopping{stopping_, POLLIN, 0};
    return ::poll(&stopping, 1, 0) == 1;
}

result<void> DoorConsole::wait(Duration span) const
{
    if (gone_) return interrupted();
    std::array<pollfd, 2> either{pollfd{connection_, POLLRDHUP, 0}, pollfd{stopping_, POLLIN, 0}};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(span).count();
    ::poll(either.data(), either.size(), static_cast<int>(std::min<long>(milliseconds, 1 << 30)));
    if (either[0].revents != 0) return interrupted();
    if (either[1].revents == 0) return done();
    return fail(Failure::unavailable, "service-stopping",
                "the service was stopped while it carried out the command; what was done so far remains, "
                "and the command can be repeated");
}

bool DoorConsole::wait_for_room() const
{
    std::array<pollfd, 2> either{pollfd{connection_, POLLOUT, 0}, pollfd{stopping_, POLLIN, 0}};
    while (::poll(either.data(), either.size(), -1) < 0 && errno == EINTR) {
    }
    if (either[0].revents != 0) return true;
    return ::poll(either.data(), 1, patience_when_stopping_ms) == 1;
}

void DoorConsole::send(std::string_view text)
{
    while (not text.empty() && not gone_) {
        const auto sent = ::send(connection_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            text.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            gone_ = not wait_for_room();
        } else if (errno != EINTR) {
            gone_ = true;
        }
    }
}

} // namespace eventloom
