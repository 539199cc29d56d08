#include "job.hpp"

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/event_store.hpp>
#include <eventloom/framework/number_text.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

template const eventloom::EventTypes& eventloom::event_types<eventloom::queues::JobFacts>();

namespace eventloom {

namespace {

constexpr std::array<std::string_view, 8> state_names{"waiting",   "scheduled", "running", "completed",
                                                      "cancelled", "expired",   "dead",    "discarded"};

} // namespace

std::string_view to_string(JobState state)
{
    return state_names.at(static_cast<std::size_t>(state));
}

std::optional<JobState> parse_job_state(std::string_view word)
{
    const auto found = std::find(state_names.begin(), state_names.end(), word);
    if (found == state_names.end()) return std::nullopt;
    return static_cast<JobState>(found - state_names.begin());
}

} // namespace eventloom

namespace eventloom::queues {

namespace {

constexpr std::string_view queue_streams = "job-queue-";

// The headers of a job's first event.
constexpr std::string_view queue_header        = "job-queue";
constexpr std::string_view priority_header     = "job-priority";
constexpr std::string_view not_before_header   = "job-not-before"; // microseconds since 1970
constexpr std::string_view expires_header      = "job-expires";    // the same
constexpr std::string_view when_expired_header = "job-when-expired";
constexpr std::string_view key_header          = "job-key";
constexpr std::string_view unique_header       = "job-unique";
constexpr std::string_view attempts_header     = "job-attempts";
constexpr std::string_view attempt_time_header = "job-attempt-time"; // milliseconds

constexpr unsigned highest_priority = 9;
constexpr unsigned most_attempts    = 1'000;
constexpr std::size_t longest_queue = 64;
constexpr std::size_t longest_key   = 128;
constexpr std::chrono::hours longest_attempt{24 * 366};

template <class Number>
void read_number(std::string_view text, Number& number)
{
    std::from_chars(text.data(), text.data() + text.size(), number);
}

Time time_of(std::string_view text, Time otherwise)
{
    std::int64_t count = otherwise.time_since_epoch().count();
    read_number(text, count);
    return Time{Duration{count}};
}

// A header that cannot be read is as if it were not there: what stands in the log is not lost for it.
Job begun_by(const RecordedEvent& event)
{
    Job job;
    job.type     = event.type;
    job.place    = event.position;
    job.enqueued = event.recorded_at;
    for (const auto& [name, value] : event.metadata.headers) {
        if (name == queue_header) job.queue = value;
        if (name == priority_header) read_number(value, job.terms.priority);
        if (name == not_before_header) job.due = time_of(value, job.due);
        if (name == expires_header) job.expires = time_of(value, job.expires);
        if (name == when_expired_header) job.terms.drop_when_expired = value == "drop";
        if (name == key_header) job.terms.key = value;
        if (name == unique_header) job.terms.unique_tag = value;
        if (name == attempts_header) read_number(value, job.terms.attempts);
        if (name == attempt_time_header) read_number(value, job.terms.attempt_ms);
    }
    job.terms.priority = std::min(job.terms.priority, highest_priority);
    return job;
}

void end(Job& job, JobState state)
{
    job.state       = state;
    job.tried.begun = false;
}

// clang-format off
void apply(Job& job, const Begun&)               { job.tried.begun = true; job.lease = {}; }
void apply(Job& job, const Progressed& fact)     { job.progress = {fact.done, fact.of, fact.what}; }
void apply(Job& job, const Completed& fact)      { end(job, JobState::completed); job.result = fact.result; }
void apply(Job& job, const Expired&)             { end(job, JobState::expired); }
void apply(Job& job, const Cancelled& fact)      { end(job, JobState::cancelled); job.tried.reason = fact.because; }
void apply(Job& job, const Discarded&)           { end(job, JobState::discarded); }
void apply(Job& job, const Postponed& fact)      { job.tried.begun = false; job.due = fact.until; }
void apply(Job&, const QueuePaused&)             {}
void apply(Job&, const QueueResumed&)            {}
void apply(Job&, const Recurs&)                  {}
void apply(Job&, const QueueLimited&)            {}
void apply(Job& job, const Promoted& fact)       { job.due = fact.at; }
void apply(Job& job, const Edited&)              { job.is_edited = true; }
// clang-format on

void apply(Job& job, const Leased& fact)
{
    job.tried.begun = true;
    job.lease       = {job.recorded, fact.worker, fact.lease_ms, fact.at};
}

void apply(Job& job, const AttemptFailed& fact)
{
    job.tried = {fact.attempt, false, fact.code, fact.reason};
    job.due   = fact.next;
}

void apply(Job& job, const Died& fact)
{
    end(job, JobState::dead);
    job.tried = {fact.attempt, false, fact.code, fact.reason};
}

// It has all its attempts again, and does not expire any more.
void apply(Job& job, const Retried& fact)
{
    job.state       = JobState::waiting;
    job.tried.ended = 0;
    job.due         = fact.at;
    job.expires     = Time::max();
}

result<void> invalid(std::string_view what, std::string_view found)
{
    return fail(Failure::invalid, "invalid-job-options",
                fmt::format("enqueued a job with {} and found {}", what, found));
}

} // namespace

bool is_name_of_fact(std::string_view type)
{
    return detail::find_event_type(event_types<JobFacts>(), type) != nullptr;
}

result<Job> folded(Job job, const RecordedEvent& event)
{
    if (event.version != job.recorded) {
        return fail(Failure::corrupt, "job-history-lost",
                    fmt::format("read the job {} and found its event {} after {} events; a part of its history is gone "
                                "(limits, or a deletion), so nothing more is done for it",
                                event.stream, event.version, job.recorded));
    }
    if (event.version == 0) {
        job = begun_by(event);
    } else {
        BOOST_OUTCOME_TRY(detail::with_facts<JobFacts>(event, "job", [&](const auto& fact) { apply(job, fact); }));
    }
    ++job.recorded;
    job.changed = event.recorded_at;
    return job;
}

void take_edit(RecordedEvent& first, const RecordedEvent& event)
{
    const auto take = [&](const auto& fact) {
        if constexpr (std::is_same_v<std::decay_t<decltype(fact)>, Edited>) {
            first.schema_version = fact.schema_version;
            first.data           = fact.data;
        }
    };
    if (event.version > 0)
        static_cast<void>(detail::with_facts<JobFacts>(event, "job", take)); // folded says what is wrong
}

result<Job> read_job(const EventStore& store, const Uuid& id)
{
    Job job;
    const auto cursor = store.read({.scope = Scope::stream(stream_of_job(id))});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return job;
        BOOST_OUTCOME_TRY(job, folded(std::move(job), *event));
    }
}

std::optional<Uuid> job_of_stream(std::string_view stream)
{
    if (not stream.starts_with("job-")) return std::nullopt;
    return parse_uuid(stream.substr(4));
}

std::string stream_of_queue(std::string_view queue)
{
    return std::string{queue_streams}.append(queue);
}

std::optional<std::string_view> queue_of_stream(std::string_view stream)
{
    if (not stream.starts_with(queue_streams)) return std::nullopt;
    return stream.substr(queue_streams.size());
}

std::optional<Time> occurrence_of(const RecordedEvent& first)
{
    for (const auto& [name, value] : first.metadata.headers) {
        if (name == occurrence_header) return time_of(value, Time{});
    }
    return std::nullopt;
}

std::string unique_tag(std::string_view queue, std::string_view key)
{
    return fmt::format("job-unique:{}/{}", queue, key);
}

result<void> check_queue_name(std::string_view queue)
{
    if (not queue.empty() && queue.size() <= longest_queue && is_clean_name(queue)) return done();
    return fail(
        Failure::invalid, "invalid-queue-name",
        fmt::format("asked for a queue whose name has {} bytes; a name is 1 to {} bytes of UTF-8 without control "
                    "characters",
                    queue.size(), longest_queue));
}

result<void> check_options(const JobOptions& options)
{
    if (options.priority > highest_priority) {
        return invalid(fmt::format("the priority {}", options.priority), "that priorities go from 0 to 9");
    }
    if (options.attempts > most_attempts) {
        return invalid(fmt::format("{} attempts", options.attempts),
                       fmt::format("that a job has at most {}", most_attempts));
    }
    if (options.attempt_time.count() < 0 || options.attempt_time > longest_attempt) {
        return invalid(fmt::format("{} ms for an attempt", options.attempt_time.count()),
                       "that it is from 0 ms to a year");
    }
    const auto is_key = [](std::string_view key) { return key.size() <= longest_key && is_clean_name(key); };
    const auto key    = fmt::format("that it is at most {} bytes of UTF-8 without control characters", longest_key);
    if (not is_key(options.key)) return invalid(fmt::format("a key of {} bytes", options.key.size()), key);
    if (options.unique && (options.unique->key.empty() || not is_key(options.unique->key))) {
        return invalid(fmt::format("a unique key of {} bytes", options.unique->key.size()), key + ", and not empty");
    }
    if (options.unique && options.unique->period.count() < 0) {
        return invalid("a unique key for less than no time", "that a period is 0 or more");
    }
    if (options.expires && options.not_before && *options.expires <= *options.not_before) {
        return invalid(fmt::format("the time {} before which it is not begun", to_string(*options.not_before)),
                       fmt::format("that it expires at {}", to_string(*options.expires)));
    }
    return done();
}

void add_options(NewEvent& event, std::string_view queue, const JobOptions& options)
{
    const auto text            = to_string(options.id);
    event.id                   = derived_uuid({"job", text});
    event.metadata.correlation = options.correlation.is_nil() ? options.id : options.correlation;
    event.metadata.causation   = options.causation;
    auto& tags                 = event.metadata.tags;
    tags.insert(tags.end(), options.labels.begin(), options.labels.end());
    const auto add = [&](std::string_view name, std::string value) {
        event.metadata.headers.emplace_back(name, std::move(value));
    };
    const auto micros = [](Time time) { return std::to_string(time.time_since_epoch().count()); };
    add(queue_header, std::string{queue});
    if (options.priority != JobTerms{}.priority) add(priority_header, std::to_string(options.priority));
    if (options.not_before) add(not_before_header, micros(*options.not_before));
    if (options.expires) add(expires_header, micros(*options.expires));
    if (options.expires && options.when_expired == WhenExpired::drop) add(when_expired_header, "drop");
    if (not options.key.empty()) add(key_header, options.key);
    if (options.attempts != 0) add(attempts_header, std::to_string(options.attempts));
    if (options.attempt_time.count() != 0) add(attempt_time_header, std::to_string(options.attempt_time.count()));
    if (not options.unique) return;
    tags.push_back(unique_tag(queue, options.unique->key));
    add(unique_header, tags.back());
}

} // namespace eventloom::queues
