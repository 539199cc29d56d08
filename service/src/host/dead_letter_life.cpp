#include "host/dead_letter_life.hpp"

#include <eventloom/framework/log.hpp>
#include <eventloom/messaging/detail/followers.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::chrono::seconds least_between_looks{10};
constexpr std::chrono::seconds most_between_looks{3'600};

std::string life_text(std::chrono::seconds live)
{
    const auto seconds = live.count();
    if (seconds % 86'400 == 0) return fmt::format("{}d", seconds / 86'400);
    if (seconds % 3'600 == 0) return fmt::format("{}h", seconds / 3'600);
    if (seconds % 60 == 0) return fmt::format("{}m", seconds / 60);
    return fmt::format("{}s", seconds);
}

} // namespace

void LetterLife::look()
{
    const Time now = runtime_.clock.now();
    if (live_.count() <= 0 || now < next_) return;
    next_            = now + std::clamp(live_ / 100, least_between_looks, most_between_looks);
    const auto life  = life_text(live_);
    const auto ended = followers_.end_letters(now - live_, ended_together, "older than " + life);
    if (not ended) return write_to(runtime_.log, LogLevel::error, "dead-letters-not-ended", {}, ended.error());
    std::size_t all = 0;
    for (const auto& one : ended.value()) {
        all += one.letters;
        const LogFields fields{
            {"follower", one.kind + "/" + one.follower}, {"letters", one.letters}, {"older_than", life}};
        if (one.letters > 0) write_to(runtime_.log, LogLevel::warning, "dead-letters-ended", fields);
        if (one.error) write_to(runtime_.log, LogLevel::error, "dead-letters-not-ended", fields, *one.error);
    }
    if (all == ended_together) next_ = now; // there may be more
}

std::string life_of_letters(std::chrono::seconds live)
{
    if (live.count() <= 0) return "Dead letters stay until somebody discards them.";
    return fmt::format(
        "Dead letters of queues and subscriptions are discarded {} after their last attempt, while the service "
        "runs; those of others stay.",
        life_text(live));
}

} // namespace eventloom
