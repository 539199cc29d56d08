// The moments of a recurrence.
//
//     BOOST_OUTCOME_TRY(const auto moments, Occurrences::of(cron("0 2 * * *", "Europe/Berlin")));
//     moments.after(now);          // the next one
//     moments.until(now);          // the last one, which may be now
//
// Threads: values.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/messaging/detail/recurring.hpp>

#include <bitset>
#include <memory>
#include <string_view>
#include <vector>

namespace date {
class time_zone;
} // namespace date

namespace eventloom::queues {

// Which values of each field match.
struct CronFields {
    std::bitset<60> minutes;
    std::bitset<24> hours;
    std::bitset<32> days;   // 1 to 31
    std::bitset<13> months; // 1 to 12
    std::bitset<7> weekdays;
    bool any_day     = false; // of the month: *
    bool any_weekday = false;
};

// Failure::invalid  "invalid-schedule".
result<CronFields> read_cron(std::string_view text);

class Occurrences {
public:
    // Failure::invalid  "invalid-schedule", "no-such-time-zone".
    static result<Occurrences> of(const Recurrence& when);

    // Nothing: there is none within some years.
    std::optional<Time> after(Time moment) const;
    std::optional<Time> until(Time moment) const;
    std::string text() const;

private:
    explicit Occurrences(Recurrence when) : when_{std::move(when)} {}
    std::optional<Time> first_of_cron(Time moment) const;
    std::optional<Time> last_of_cron(Time moment) const;
    std::vector<Time> on_day(std::int64_t day) const;

    Recurrence when_;
    CronFields fields_;
    const date::time_zone* zone_ = nullptr; // of the library's database, which stays
};

} // namespace eventloom::queues
