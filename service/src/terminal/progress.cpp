#include <eventloom/service/output.hpp>

#include <fmt/core.h>

#include <mutex>
#include <optional>

namespace eventloom {

namespace {

constexpr Duration between_lines      = std::chrono::milliseconds{100};
constexpr Duration between_asks       = std::chrono::milliseconds{20};
constexpr std::uint64_t bar_width_min = 5;
constexpr std::uint64_t bar_width_max = 30;
constexpr std::size_t beside_the_bar  = 34; // brackets, percent, rate and time
constexpr std::string_view wiped      = "\r\033[K";

// Not when the clock was set back since: it would be waited for.
bool is_within(Duration span, Time since, Time now)
{
    return since <= now && now - since < span;
}

std::string time_left(double seconds)
{
    const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
    if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string grouped(double number)
{
    return with_separators(static_cast<std::int64_t>(number + 0.5));
}

// "  [#######.......]", or nothing when there is no room.
std::string bar_of(std::uint64_t done, std::uint64_t total, std::size_t room)
{
    const std::uint64_t width = std::min<std::uint64_t>(bar_width_max, room);
    if (width < bar_width_min) return "";
    const auto filled = done * width / total;
    return fmt::format("  [{}{}]", std::string(filled, '#'), std::string(width - filled, '.'));
}

// `rate` 0 means that it is not known yet.
std::string line_of(const std::string& what, std::uint64_t done, std::uint64_t total, double rate, std::size_t width)
{
    const std::string speed = rate > 0 ? fmt::format("  {}/s", grouped(rate)) : "";
    if (total == 0) return fmt::format("{}  {}{}", what, grouped(static_cast<double>(done)), speed);
    const auto within      = std::min(done, total);
    const std::size_t room = width - std::min(width, what.size() + beside_the_bar);
    std::string line       = what + bar_of(within, total, room) + fmt::format(" {:3}%", within * 100 / total) + speed;
    if (rate > 0) line += "  " + time_left(static_cast<double>(total - within) / rate) + " left";
    return line;
}

} // namespace

struct Progress::State {
    Console& console;
    const Clock& clock;
    const std::string what;
    const Time began;
    std::mutex mutex;
    std::optional<std::uint64_t> first; // how far it was at the first call
    Time asked_at{};
    Time shown_at{};
    bool line_stands = false;

    void show(std::uint64_t done, std::uint64_t total, Time now)
    {
        if (not console.shape().err_is_terminal || is_within(between_lines, shown_at, now)) return;
        shown_at            = now;
        line_stands         = true;
        const double passed = std::max(1e-3, std::chrono::duration<double>(now - began).count());
        // The rate is only of this run: work that continues an earlier run has not done all of `done` itself.
        const double rate = static_cast<double>(done - std::min(done, *first)) / passed;
        const auto width  = console.shape().width - 1; // a line that wraps could not be wiped again
        const auto line   = line_of(what, done, total, rate, width);
        console.err(std::string{wiped} + std::string{cut_to_width(line, width)});
    }
};

Progress::Progress(Console& console, const Clock& clock, std::string what)
    : state_{new State{console, clock, std::move(what), clock.now(), {}, {}, {}, {}, false}}
{
}

Progress::~Progress()
{
    finish();
}

result<void> Progress::at(std::uint64_t done_so_far, std::uint64_t total)
{
    const std::lock_guard lock{state_->mutex};
    const Time now = state_->clock.now();
    if (not state_->first) state_->first = done_so_far;
    if (is_within(between_asks, state_->asked_at, now)) return done();
    state_->asked_at = now;
    state_->show(done_so_far, total, now);
    return state_->console.go_on();
}

void Progress::finish()
{
    const std::lock_guard lock{state_->mutex};
    if (state_->line_stands) state_->console.err(wiped);
    state_->line_stands = false;
}

} // namespace eventloom
