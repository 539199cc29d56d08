#include <eventloom/framework/pace.hpp>

#include <algorithm>

namespace eventloom {

namespace {

std::int64_t second_of(Time time)
{
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// Before 1970 seconds are negative, and so is what is left of them.
std::size_t place_of(std::int64_t second, std::int64_t places)
{
    return static_cast<std::size_t>((second % places + places) % places);
}

} // namespace

void Pace::went_by(std::uint64_t events, Time now)
{
    const std::lock_guard lock{mutex_};
    const auto number = second_of(now);
    auto& second      = seconds_[place_of(number, seconds_kept)];
    if (second.number != number) second = {number, 0};
    second.events += events;
    if (not first_ || number < *first_) first_ = number; // or the clock went back
}

double Pace::per_second(Time now) const
{
    const std::lock_guard lock{mutex_};
    if (not first_) return 0;
    const auto number    = second_of(now);
    std::uint64_t events = 0;
    for (const Second& second : seconds_) {
        if (second.number > number - seconds_kept && second.number <= number) events += second.events;
    }
    const auto span = std::clamp<std::int64_t>(number - *first_ + 1, 1, seconds_kept);
    return static_cast<double>(events) / static_cast<double>(span);
}

} // namespace eventloom
