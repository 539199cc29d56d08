// Jobs that recur. What has been enqueued is in the log: the last job of a schedule has its occurrence as a header, and a job's id
// follows from schedule and occurrence. So nothing is kept here but a timer.
#include "queue_engine.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace eventloom {

std::string_view to_string(Missed missed)
{
    constexpr std::array<std::string_view, 3> names{"once", "each", "skip"};
    return names.at(static_cast<std::size_t>(missed));
}

} // namespace eventloom

namespace eventloom::queues {

namespace {

constexpr std::size_t most_missed       = 1'000;
constexpr std::size_t longest_schedule  = 64;
constexpr Duration late                 = std::chrono::minutes{1};
constexpr Duration tried_again_after    = std::chrono::seconds{1};
constexpr Duration longest_sleep        = std::chrono::minutes{1}; // clocks are set, and machines sleep
constexpr std::string_view schedule_tag = "job-schedule:";

std::string tag_of(const Schedule& schedule)
{
    return fmt::format("{}{}/{}", schedule_tag, schedule.queue, schedule.name);
}

std::int64_t micros_of(Time time)
{
    return time.time_since_epoch().count();
}

Uuid id_of_occurrence(const Schedule& schedule, Time occurrence)
{
    return derived_uuid({"job-of-schedule", schedule.queue, schedule.name, std::to_string(micros_of(occurrence))});
}

} // namespace

void QueueEngine::recur(Schedule schedule)
{
    ensure(stopped_.load(), "a recurring job was added after start()");
    schedules_.push_back(std::move(schedule));
}

result<void> QueueEngine::check_schedules()
{
    std::set<std::pair<std::string, std::string>> names;
    for (auto& schedule : schedules_) {
        if (schedule.name.empty() || schedule.name.size() > longest_schedule || not is_clean_name(schedule.name)) {
            return fail(
                Failure::invalid, "invalid-schedule",
                fmt::format("added a recurring job whose name has {} bytes; a name is 1 to {} bytes of UTF-8 without "
                            "control characters",
                            schedule.name.size(), longest_schedule));
        }
        if (not names.emplace(schedule.queue, schedule.name).second) {
            return fail(Failure::invalid, "schedule-added-twice",
                        fmt::format("added the recurring job {} of the queue {} twice; give each a name of its own",
                                    schedule.name, schedule.queue));
        }
        BOOST_OUTCOME_TRY(find_queue(schedule.queue));
        BOOST_OUTCOME_TRY(schedule.moments, Occurrences::of(schedule.when));
    }
    return done();
}

// The last occurrence for which there is a job; nothing: there was none yet.
result<std::optional<Time>> QueueEngine::last_occurrence(const Schedule& schedule) const
{
    const auto cursor =
        store_.read({.scope = Scope::tag(tag_of(schedule)), .direction = Direction::backwards, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
    if (event == nullptr) return std::optional<Time>{};
    return occurrence_of(*event);
}

// When the schedule was made as it is now. The first start records it, so that what passes between that and the second is missed.
result<Time> QueueEngine::begin_of(const Schedule& schedule)
{
    const auto when = schedule.moments->text();
    const auto cursor =
        store_.read({.scope = Scope::stream(stream_of_queue(schedule.queue)), .direction = Direction::backwards});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) break;
        std::optional<Time> found;
        bool is_last = false;
        BOOST_OUTCOME_TRY(detail::with_facts<JobFacts>(*event, "job", [&]<class Fact>(const Fact& fact) {
            if constexpr (std::is_same_v<Fact, Recurs>) {
                is_last = fact.schedule == schedule.name;
                if (is_last && fact.when == when) found = fact.at;
            }
        }));
        if (found) return *found;
        if (is_last) break;
    }
    const Time now       = runtime_.clock.now();
    const JobFact recurs = Recurs{schedule.name, when, now};
    BOOST_OUTCOME_TRY(record_of_queue(schedule.queue, [&] { return recurs; }));
    return now;
}

result<void> QueueEngine::begin_schedules()
{
    for (auto& schedule : schedules_) {
        BOOST_OUTCOME_TRY(const auto last, last_occurrence(schedule));
        BOOST_OUTCOME_TRY(const auto begun, begin_of(schedule));
        schedule.last = std::max(last.value_or(begun), begun);
    }
    return done();
}

// Those of the schedule that have come and have no job yet, oldest first.
std::vector<Time> QueueEngine::due_occurrences(const Schedule& schedule, Time now) const
{
    std::vector<Time> due;
    auto moment = schedule.moments->until(now);
    while (moment && *moment > schedule.last && due.size() < most_missed) {
        due.push_back(*moment);
        if (schedule.missed != Missed::each) break;
        moment = schedule.moments->until(*moment - Duration{1});
    }
    if (due.size() == most_missed && moment && *moment > schedule.last) {
        write_to(runtime_.log, LogLevel::warning, "occurrences-left-out",
                 {{"schedule", schedule.name},
                  {"queue", schedule.queue},
                  {"kept", most_missed},
                  {"before", to_string(due.back())}});
    }
    if (schedule.missed == Missed::skip && not due.empty() && due.front() + late < now) {
        write_to(runtime_.log, LogLevel::warning, "occurrences-skipped",
                 {{"schedule", schedule.name}, {"queue", schedule.queue}, {"last", to_string(due.front())}});
        due.clear();
    }
    std::reverse(due.begin(), due.end());
    return due;
}

void QueueEngine::take_occurrences(std::size_t index)
{
    Schedule& schedule = schedules_.at(index);
    const Time now     = runtime_.clock.now();
    const auto due     = due_occurrences(schedule, now);
    if (not due.empty()) return fire(index, due, 0);
    schedule.last   = std::max(schedule.last, now);
    const auto next = schedule.moments->after(schedule.last);
    if (not next) {
        return write_to(runtime_.log, LogLevel::warning, "schedule-has-ended",
                        {{"schedule", schedule.name}, {"queue", schedule.queue}, {"when", schedule.moments->text()}});
    }
    look_again_at(index, std::min(*next, now + longest_sleep));
}

// One after the other, so that the last one in the log is the last one.
void QueueEngine::fire(std::size_t index, const std::vector<Time>& due, std::size_t at)
{
    if (at == due.size()) return take_occurrences(index);
    Schedule& schedule    = schedules_.at(index);
    const Time occurrence = due[at];
    auto job              = call_user_code("what makes the job of the schedule", schedule.name,
                                           [&] { return result<detail::NewJob>{schedule.make(occurrence)}; });
    if (not job) {
        write_to(runtime_.log, LogLevel::error, "occurrence-without-job",
                 {{"schedule", schedule.name}, {"queue", schedule.queue}, {"occurrence", to_string(occurrence)}},
                 job.error());
        schedule.last = occurrence;
        return fire(index, due, at + 1);
    }
    const Uuid id = id_of_occurrence(schedule, occurrence);
    auto& options = job.value().options;
    options.id    = id;
    options.labels.push_back(tag_of(schedule));
    job.value().event.metadata.headers.emplace_back(occurrence_header, std::to_string(micros_of(occurrence)));
    const auto length      = store_.stream_length(stream_of_job(id)); // also of one that was deleted
    const bool is_new      = length && length.value() == 0;
    const EnqueueDone then = [weak = weak_from_this(), index, due, at](const result<EnqueuedJob>& enqueued) {
        const auto self = weak.lock();
        if (not self) return;
        self->post([index, due, at, enqueued](QueueEngine& engine) {
            // With other content: a program that was before this one has enqueued it.
            if (enqueued || enqueued.error().kind == Failure::conflict) {
                engine.schedules_.at(index).last = due[at];
                return engine.fire(index, due, at + 1);
            }
            engine.not_fired(index, due[at], enqueued.error());
        });
    };
    if (not length) return then(length.error());
    if (not is_new) return then(EnqueuedJob{id, 0, true});
    enqueue(std::move(job.value()), then);
}

void QueueEngine::not_fired(std::size_t index, Time occurrence, const Error& error)
{
    Schedule& schedule = schedules_.at(index);
    write_to(runtime_.log, LogLevel::error, "occurrence-without-job",
             {{"schedule", schedule.name}, {"queue", schedule.queue}, {"occurrence", to_string(occurrence)}}, error);
    if (error.kind == Failure::invalid) schedule.last = occurrence; // it would be refused each time
    look_again_at(index, runtime_.clock.now() + tried_again_after);
}

// A timer of an earlier run does nothing.
void QueueEngine::look_again_at(std::size_t index, Time time)
{
    post_at(time, [index, run = runs_.load()](QueueEngine& self) {
        if (self.runs_ == run) self.take_occurrences(index);
    });
}

result<std::vector<RecurringJob>> QueueEngine::recurring() const
{
    std::vector<RecurringJob> all;
    for (const auto& schedule : schedules_) {
        BOOST_OUTCOME_TRY(const auto moments, Occurrences::of(schedule.when));
        BOOST_OUTCOME_TRY(const auto last, last_occurrence(schedule));
        const Time now = runtime_.clock.now();
        all.push_back({schedule.name, schedule.queue, moments.text(), schedule.missed, last,
                       moments.after(std::max(now, last.value_or(now)))});
    }
    return all;
}

} // namespace eventloom::queues
