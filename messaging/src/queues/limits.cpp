#include "limits.hpp"

#include <algorithm>
#include <cmath>

namespace eventloom::queues {

RateLimit::RateLimit(double per_second)
{
    constexpr double most = 1e6; // a second: more than any queue has
    if (not(per_second > 0) || per_second > most) return;
    burst_ = per_second == std::floor(per_second) ? static_cast<std::size_t>(per_second) : 1;
    constexpr std::chrono::hours longest{24 * 365};
    const std::chrono::duration<double> window{static_cast<double>(burst_) / per_second};
    window_ = window >= longest ? Duration{longest} : std::chrono::ceil<Duration>(window);
}

void RateLimit::forget_before(Time now)
{
    // A clock that was set back would hold everything up: what is in the time to come counts as now.
    for (auto& begun : begun_) begun = std::min(begun, now);
    while (not begun_.empty() && begun_.front() + window_ <= now) begun_.pop_front();
}

bool RateLimit::may_begin(Time now)
{
    if (burst_ == 0) return true;
    if (begun_.size() < burst_ && (begun_.empty() || begun_.back() <= now)) return true;
    forget_before(now);
    return begun_.size() < burst_;
}

void RateLimit::begin(Time now)
{
    if (burst_ == 0) return;
    while (begun_.size() >= burst_) begun_.pop_front();
    begun_.push_back(now);
}

Time RateLimit::next(Time now)
{
    return may_begin(now) ? now : begun_.front() + window_;
}

bool RateLimit::is_idle(Time now) const
{
    return begun_.empty() || begun_.back() + window_ <= now;
}

} // namespace eventloom::queues
