// What people and programs are told of jobs and queues.
#include "attempt_rules.hpp"
#include "queue_engine.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace eventloom::queues {

namespace {

constexpr std::uint64_t counted_before = 10'000;

std::string until(Time time)
{
    return time == Time::max() ? "somebody resumes it" : to_string(time);
}

JobHistoryEntry entry_of(const RecordedEvent& event)
{
    JobHistoryEntry entry{.at = event.recorded_at, .what = event.type, .detail = {}};
    if (event.version == 0) return {event.recorded_at, "enqueued", event.type};
    if (entry.what.starts_with("job-")) entry.what.erase(0, 4);
    const auto say = [&](const auto& fact) {
        if constexpr (requires { fact.worker; }) entry.detail = "by " + fact.worker;
        if constexpr (requires { fact.code; }) entry.detail = fact.code + ": " + fact.reason;
        if constexpr (requires { fact.because; }) entry.detail = fact.because;
        if constexpr (requires { fact.result; }) entry.detail = fact.result;
        if constexpr (requires { fact.of; }) entry.detail = fmt::format("{} of {} {}", fact.done, fact.of, fact.what);
        if constexpr (requires { fact.until; }) entry.detail = "until " + to_string(fact.until);
    };
    static_cast<void>(detail::with_facts<JobFacts>(event, "job", say)); // shown as far as it can be read
    return entry;
}

} // namespace

result<RecordedEvent> QueueEngine::first_event(const Uuid& id) const
{
    const auto cursor = store_.read({.scope = Scope::stream(stream_of_job(id))});
    RecordedEvent first;
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) break;
        if (event->version == 0) first = *event;
        take_edit(first, *event);
    }
    if (first.type.empty()) return no_such_job(store_, id);
    return first;
}

result<JobTable*> QueueEngine::table_to_list() const
{
    BOOST_OUTCOME_TRY(JobTable* const table, this->table());
    const std::lock_guard table_alone{tables_};
    BOOST_OUTCOME_TRY(hear_of_streams(*table));
    return table;
}

result<std::vector<QueueStatus>> QueueEngine::list_queues() const
{
    BOOST_OUTCOME_TRY(JobTable* const table, table_to_list());
    const Time now = runtime_.clock.now();
    std::map<std::string, QueueStatus> found;
    for (const auto& [queue_and_state, number] : table->count()) {
        if (number > 0) found[queue_and_state.first].jobs[queue_and_state.second] = number;
    }
    for (const auto& [name, until] : table->pauses()) {
        if (until > now) found[name].paused_until = until;
    }
    for (const auto& [name, limits] : table->limits()) {
        if (limits != QueueLimits{}) found[name].limits = limits;
    }
    {
        const std::lock_guard lock{mutex_};
        for (const auto& [name, queue] : queues_) {
            if (pools_.contains(name)) found[name].workers = queue->definition.options.workers;
            found[name].workers_elsewhere = workers_elsewhere(name);
        }
        // In the table they wait. It may have heard already that some of them have ended.
        for (const auto& [id, claim] : claims_) {
            QueueStatus& queue = found[claim->queue.definition.name];
            const auto waiting = queue.jobs.find(JobState::waiting);
            if (waiting == queue.jobs.end()) continue;
            ++queue.running;
            if (--waiting->second == 0) queue.jobs.erase(waiting);
        }
    }
    std::vector<QueueStatus> all;
    for (auto& [name, status] : found) {
        status.name = name;
        all.push_back(std::move(status));
    }
    return all;
}

result<QueueStatus> QueueEngine::status(std::string_view queue) const
{
    BOOST_OUTCOME_TRY(auto all, list_queues());
    std::string names;
    for (auto& one : all) {
        if (one.name == queue) return std::move(one);
        names += (names.empty() ? "" : ", ") + one.name;
    }
    return fail(Failure::invalid, "no-such-queue",
                fmt::format("asked for the queue {} and found {}", queue,
                            names.empty() ? "that there is none" : "only: " + names));
}

// With mutex_. They wait for jobs, or have one.
std::size_t QueueEngine::workers_elsewhere(const std::string& queue) const
{
    std::size_t workers = 0;
    if (const auto waiting = pulls_.find(queue); waiting != pulls_.end()) {
        for (const auto& pull : waiting->second) workers += pull->wanted.still_there() ? 1 : 0;
    }
    for (const auto& [id, claim] : claims_) {
        if (not claim->worker.empty() && claim->queue.definition.name == queue) ++workers;
    }
    return workers;
}

JobStatus QueueEngine::status_of(const Uuid& id, const JobRow& row) const
{
    const Job& job = row.job;
    JobStatus status{.id        = id,
                     .queue     = job.queue,
                     .type      = job.type,
                     .state     = row.shown_state(),
                     .priority  = job.terms.priority,
                     .key       = job.terms.key,
                     .attempts  = job.tried.ended,
                     .last      = std::nullopt,
                     .due       = std::nullopt,
                     .expires   = std::nullopt,
                     .enqueued  = job.enqueued,
                     .changed   = job.changed,
                     .is_edited = job.is_edited};
    if (not job.tried.code.empty()) {
        status.last = Error{job.is_open() ? Failure::unavailable : Failure::refused, job.tried.code, job.tried.reason};
    }
    if (status.state == JobState::scheduled) status.due = row.wakes;
    if (job.expires != Time::max()) status.expires = job.expires;
    const std::lock_guard lock{mutex_};
    if (job.is_open() && claims_.contains(id)) status.state = JobState::running;
    return status;
}

result<std::vector<JobStatus>> QueueEngine::list_jobs(const JobFilter& filter, std::size_t limit) const
{
    BOOST_OUTCOME_TRY(JobTable* const table, table_to_list());
    BOOST_OUTCOME_TRY(check_filter(filter));
    // Those that run are waiting ones in the table.
    const auto asked = filter.state == JobState::running ? std::optional{JobState::waiting} : filter.state;
    std::vector<JobStatus> found;
    BOOST_OUTCOME_TRY(table->visit({filter.queue, asked}, [&](const Uuid& id, const JobRow& row) {
        if (found.size() >= limit) return false;
        if (not filter.type.empty() && row.job.type != filter.type) return true;
        if (not filter.key.empty() && row.job.terms.key != filter.key) return true;
        auto status = status_of(id, row);
        if (not filter.state || status.state == *filter.state) found.push_back(std::move(status));
        return true;
    }));
    return found;
}

result<void> QueueEngine::check_filter(const JobFilter& filter) const
{
    if (not filter.queue.empty()) {
        BOOST_OUTCOME_TRY(status(filter.queue));
    }
    if (filter.type.empty()) return done();
    const auto known = find_type(filter.type, {});
    if (known) return done();
    bool is_there = false; // of another program
    BOOST_OUTCOME_TRY(table_->visit({filter.queue, std::nullopt}, [&](const Uuid&, const JobRow& row) {
        is_there = row.job.type == filter.type;
        return not is_there;
    }));
    return is_there ? result<void>{done()} : result<void>{known.error()};
}

std::string QueueEngine::json_of(const RecordedEvent& first, const std::string& queue) const
{
    const auto* definition = definition_of(queue);
    const auto* type = definition == nullptr ? nullptr : detail::find_event_type(definition->jobs.types(), first.type);
    if (type == nullptr) return "null";
    auto json = type->to_json(first.schema_version, first.data);
    return json ? std::move(json.value()) : "null";
}

result<JobDetails> QueueEngine::show(const Uuid& id) const
{
    const auto cursor = store_.read({.scope = Scope::stream(stream_of_job(id))});
    JobRow row;
    JobDetails details;
    RecordedEvent first;
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) break;
        if (event->version == 0) first = *event;
        BOOST_OUTCOME_TRY(row.job, folded(std::move(row.job), *event));
        take_edit(first, *event);
        details.history.push_back(entry_of(*event));
    }
    if (row.job.recorded == 0) {
        BOOST_OUTCOME_TRY(const JobTable* table, this->table());
        BOOST_OUTCOME_TRY(const auto kept, table->find(id));
        if (not kept || kept->place == Place::ended) return no_such_job(store_, id);
        details.job       = status_of(id, *kept);
        details.data_json = "null";
        details.why       = "its stream was deleted, and its history with it";
        return details;
    }
    details.data_json = json_of(first, row.job.queue);
    details.labels    = first.metadata.tags;
    if (row.job.is_open() && row.job.due > runtime_.clock.now()) row.place = Place::delayed;
    row.wakes      = row.job.due;
    details.job    = status_of(id, row);
    details.result = row.job.result;
    if (row.job.progress.of > 0 || row.job.progress.done > 0) {
        details.progress =
            fmt::format("{} of {} {}", row.job.progress.done, row.job.progress.of, row.job.progress.what);
    }
    if (row.job.is_open()) {
        BOOST_OUTCOME_TRY(details.why, why(id));
    }
    return details;
}

// As its stream is now.
result<QueueEngine::RowNow> QueueEngine::row_now(const Uuid& id) const
{
    BOOST_OUTCOME_TRY(const JobTable* table, this->table());
    BOOST_OUTCOME_TRY(auto row, table->find(id));
    BOOST_OUTCOME_TRY(auto job, job_in(store_, id));
    if (row && row->job.recorded >= job.recorded) return RowNow{std::move(*row), true};
    JobRow now{.job = std::move(job)};
    now.wakes = now.job.due;
    if (now.job.due > runtime_.clock.now()) now.place = Place::delayed;
    if (not now.job.is_open()) now.place = Place::ended;
    return RowNow{std::move(now)};
}

result<std::string> QueueEngine::why(const Uuid& id) const
{
    BOOST_OUTCOME_TRY(const auto found, row_now(id));
    const JobRow& row = found.row;
    if (not row.job.is_open()) return fmt::format("it does not wait: it is {}", to_string(row.job.state));
    {
        const std::lock_guard lock{mutex_};
        if (const auto claim = claims_.find(id); claim != claims_.end()) {
            const auto& worker = claim->second->worker;
            return "it does not wait: it is being worked on" + (worker.empty() ? worker : " by " + worker);
        }
    }
    const Time now      = runtime_.clock.now();
    const auto of_queue = why_of_queue(row, now);
    BOOST_OUTCOME_TRY(const auto of_job, why_of_job(row, now));
    if (not of_queue.empty()) return of_job.empty() ? of_queue : of_queue + "; " + of_job;
    if (not of_job.empty()) return of_job;
    return found.is_heard ? turn_of(row, now) : std::string{"its queue has not heard of its last change yet"};
}

// Why nothing of its queue begins. Empty: something does, each in its turn.
std::string QueueEngine::why_of_queue(const JobRow& row, Time now) const
{
    const std::string& name = row.job.queue;
    const auto pauses       = table_->pauses();
    const std::lock_guard lock{mutex_};
    if (const auto paused = pauses.find(name); paused != pauses.end() && paused->second > now) {
        return fmt::format("the queue is paused until {}", until(paused->second));
    }
    const auto found = queues_.find(name);
    if (found == queues_.end()) return fmt::format("no worker: this program has no handlers for the queue {}", name);
    if (not found->second->knows(row.job.type)) {
        return fmt::format("this program has no handler for jobs of the type {}", row.job.type);
    }
    if (stopped_) return "no worker: the service does not run";
    if (error_) return "the queues have stopped: " + error_->sentence;
    if (pools_.contains(name) || workers_elsewhere(name) > 0) return {};
    return fmt::format("no worker: the service works on no job of the queue {} itself, and no other process does "
                       "(`work {}` is one)",
                       name, name);
}

// Why it does not begin when its queue does. Empty: it is ready.
result<std::string> QueueEngine::why_of_job(const JobRow& row, Time now) const
{
    const Job& job = row.job;
    if (row.place == Place::held) {
        {
            const std::lock_guard lock{mutex_};
            const auto found = queues_.find(job.queue);
            if (found != queues_.end() && not found->second->definition.options.in_order_per_key) {
                return fmt::format("{} jobs with the key {} are in work, and no more may be",
                                   found->second->in_work(job.terms.key), job.terms.key);
            }
        }
        BOOST_OUTCOME_TRY(const auto head, table_->head_of(job.queue, job.terms.key));
        return fmt::format("the key {} is busy with the job {}", job.terms.key, head ? to_string(*head) : "before it");
    }
    if (row.place != Place::delayed) return std::string{};
    if (job.tried.ended > 0 && job.due > now) {
        return fmt::format("attempt {} failed ({}: {}); the next one is at {}", job.tried.ended, job.tried.code,
                           job.tried.reason, to_string(row.wakes));
    }
    if (job.due > now) return fmt::format("not before {}", to_string(job.due));
    return fmt::format("its key {} may not begin more in this second, or is busy; looked at again at {}", job.terms.key,
                       to_string(row.wakes));
}

// Of one that is ready, in a queue that is at work.
result<std::string> QueueEngine::turn_of(const JobRow& row, Time now) const
{
    std::string runs;
    {
        const std::lock_guard lock{mutex_};
        const auto where = pools_.contains(row.job.queue) ? QueueState::Where::here : QueueState::Where::elsewhere;
        runs             = queues_.at(row.job.queue)->why_nothing_begins(now, where);
    }
    BOOST_OUTCOME_TRY(const auto before, table_->count_before(row, counted_before));
    const auto turn = before == counted_before ? fmt::format("{} jobs and more go before it", before)
                      : before == 0            ? std::string{"it is next"}
                                               : fmt::format("{} jobs go before it", before);
    return runs.empty() ? turn : fmt::format("{}; {}", runs, turn);
}

} // namespace eventloom::queues
