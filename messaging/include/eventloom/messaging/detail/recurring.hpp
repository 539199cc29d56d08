// When jobs recur, and what becomes of occurrences at which the service did not run.
//
//     queues.recur<Mailing>("digest", el::every(1h), SendMail{"team@example.org", "Digest"});
//     queues.recur<Mailing>("monday", el::cron("30 7 * * mon", "Europe/Berlin"), SendMail{"team@example.org", "Good week"});
//     queues.recur<Statements>("nightly", el::cron("0 2 * * *", "Europe/Berlin"),
//                              [](el::Time occurrence) { return WriteStatements{day_of(occurrence)}; },
//                              {.missed = el::Missed::each, .job = {.priority = 2}});
//
// Each occurrence is one job, whatever restarts: the id of the job follows from the name and the moment. Threads: values.
// For queues.hpp: include that.
#pragma once

#include <eventloom/messaging/jobs.hpp>

#include <optional>
#include <string>

namespace eventloom {

// Moments that recur. Those that make no sense are refused by Queues::start().
struct Recurrence {
    Duration period{}; // 0: as the fields say
    Time from{};       // one of the moments of `period`
    std::string fields;
    std::string zone;
};

// At `from`, and at each multiple of the period before and after it; so also after a restart. At least a second.
inline Recurrence every(Duration period, Time from = Time{})
{
    return {period, from, {}, {}};
}

// The five fields of cron: minute, hour, day of the month, month, day of the week. A field is *, or numbers with ranges, lists and
// steps ("1-5", "0,30", "*/15"); months and days of the week may have names (jan, mon); 0 and 7 are Sunday. If both days are
// given, each of them counts. `zone` is a name of the time zone database: "Europe/Berlin".
// A moment that the clocks pass over when they go forward is the moment at which they do; one that comes twice when they go back
// is the first of the two. If the hour is *, what is passed over is left out, and what comes twice is two moments.
inline Recurrence cron(std::string fields, std::string zone = "UTC")
{
    return {{}, {}, std::move(fields), std::move(zone)};
}

// Of the occurrences that passed while the service did not run, or was late:
enum class Missed : std::uint8_t {
    once, // one job, for the last of them
    each, // a job for each, oldest first; of more than a thousand the last thousand, which is said
    skip, // none, but the last one if it is not older than a minute
};

struct RecurOptions {
    Missed missed  = Missed::once;
    JobOptions job = {}; // without id, unique key and not_before, which follow from the occurrence
};

struct RecurringJob {
    std::string name;
    std::string queue;
    std::string when; // "every 3600 s", "30 7 * * mon in Europe/Berlin"
    Missed missed = Missed::once;
    std::optional<Time> last; // occurrence for which there is a job
    std::optional<Time> next;
};

// "once", "each", "skip"
std::string_view to_string(Missed missed);

} // namespace eventloom
