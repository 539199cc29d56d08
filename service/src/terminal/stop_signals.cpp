#include "terminal/stop_signals.hpp"

#include <eventloom/framework/detail/ensure.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace eventloom {

namespace {

constexpr int patience_ms = 850; // the second that is promised, less what ending the process takes

// What a handler may touch.
std::atomic<int> first_signal{0};
std::atomic<int> signal_event{-1};
static_assert(std::atomic<int>::is_always_lock_free);

void note(int signal)
{
    const int saved_errno = errno;
    int none              = 0;
    first_signal.compare_exchange_strong(none, signal);
    const std::uint64_t one                     = 1;
    [[maybe_unused]] const ssize_t cannot_block = ::write(signal_event.load(), &one, sizeof one);
    errno                                       = saved_errno;
}

void handle(void (*handler)(int))
{
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags   = SA_RESTART;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        ::sigaction(signal, nullptr, &before);
        // A program that was started with `nohup` must outlive the terminal.
        if (signal == SIGHUP && before.sa_handler == SIG_IGN) continue;
        ::sigaction(signal, &action, nullptr);
    }
}

} // namespace

StopSignals::StopSignals()
{
    ensure(signal_event.load() < 0, "signals are waited for in two places");
    first_signal = 0;
    signal_event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (signal_event.load() < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
    handle(note);
}

StopSignals::~StopSignals()
{
    handle(SIG_DFL);
    ::close(signal_event.exchange(-1));
}

int StopSignals::received() const
{
    return first_signal.load();
}

int StopSignals::descriptor() const
{
    return signal_event.load();
}

bool StopSignals::wait(Duration span) const
{
    pollfd came{descriptor(), POLLIN, 0};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(span).count();
    while (::poll(&came, 1, static_cast<int>(std::min<long>(milliseconds, 1 << 30))) < 0 && errno == EINTR) {
        if (received() != 0) break;
    }
    return received() != 0;
}

LastResort::LastResort(const StopSignals& signals) : signals_{signals}, over_{::eventfd(0, EFD_CLOEXEC)}
{
    if (over_ < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
    thread_ = std::thread{[this] { watch(); }};
}

LastResort::~LastResort()
{
    const std::uint64_t one                     = 1;
    [[maybe_unused]] const ssize_t cannot_block = ::write(over_, &one, sizeof one);
    thread_.join();
    ::close(over_);
}

void LastResort::watch() const
{
    std::array<pollfd, 2> either{pollfd{over_, POLLIN, 0}, pollfd{signals_.descriptor(), POLLIN, 0}};
    while (::poll(either.data(), either.size(), -1) < 0 && errno == EINTR) {
    }
    if (either[0].revents != 0) return;
    if (::poll(either.data(), 1, patience_ms) != 0) return;
    std::_Exit(ends_well_ ? 0 : 128 + signals_.received());
}

} // namespace eventloom
