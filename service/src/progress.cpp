#include <eventloom/service/progress.hpp>

#include <fmt/core.h>

#include <cstdio>
#include <mutex>
#include <unistd.h>

namespace eventloom {

namespace {

constexpr Duration between_lines  = std::chrono::milliseconds{100};
constexpr std::uint64_t bar_width = 30;

std::string time_left(double seconds)
{
    const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
    return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

} // namespace

struct Progress::State {
    const Clock& clock;
    const std::string what;
    const Time began;
    const bool on_terminal;
    std::mutex mutex;
    Time shown_at{};
    bool line_stands = false;

    void show(std::uint64_t done, std::uint64_t total)
    {
        const std::lock_guard lock{mutex};
        const Time now = clock.now();
        if (now - shown_at < between_lines) return;
        shown_at            = now;
        line_stands         = true;
        const double passed = std::max(1e-3, std::chrono::duration<double>(now - began).count());
        const double rate   = static_cast<double>(done) / passed;
        if (total == 0) return fmt::print(stderr, "\r\033[K{}  {}  {:.0f}/s", what, done, rate);
        const auto filled = std::min(bar_width, done * bar_width / total);
        const double left = rate > 0 ? static_cast<double>(total - std::min(done, total)) / rate : 0;
        fmt::print(stderr, "\r\033[K{}  [{}{}] {:3}%  {:.0f}/s  {} left", what, std::string(filled, '#'),
                   std::string(bar_width - filled, '.'), done * 100 / total, rate, time_left(left));
    }
};

Progress::Progress(const Clock& clock, std::string what)
    : state_{new State{clock, std::move(what), clock.now(), isatty(STDERR_FILENO) == 1, {}, {}, false}}
{
}

Progress::~Progress()
{
    finish();
}

void Progress::at(std::uint64_t done, std::uint64_t total)
{
    if (state_->on_terminal) state_->show(done, total);
}

void Progress::finish()
{
    const std::lock_guard lock{state_->mutex};
    if (state_->line_stands) fmt::print(stderr, "\r\033[K");
    state_->line_stands = false;
}

} // namespace eventloom
