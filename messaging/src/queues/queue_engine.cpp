#include "queue_engine.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/framework/stream_limits.hpp>

#include <fmt/core.h>

#include <cstring>

namespace eventloom::queues {

namespace {

constexpr std::size_t events_folded_together = 512;

} // namespace

std::size_t HashOfId::operator()(const Uuid& id) const
{
    std::size_t hash = 0;
    std::memcpy(&hash, id.bytes.data() + id.bytes.size() - sizeof hash, sizeof hash); // its random part
    return hash;
}

QueueEngine::QueueEngine(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus,
                         std::string directory)
    : runtime_{runtime}, store_{store}, commands_{commands}, bus_{bus}, directory_{std::move(directory)}
{
}

void QueueEngine::add(QueueDefinition definition)
{
    ensure(stopped_.load(), "a queue was added after start()");
    auto named      = check_queue_name(definition.name);
    const auto name = definition.name;
    if (not named) {
        if (not refused_) refused_ = std::move(named.error());
    } else if (not queues_.emplace(name, std::make_unique<QueueState>(std::move(definition))).second && not refused_) {
        refused_ = Error{Failure::invalid, "queue-added-twice",
                         fmt::format("added the queue {} and found that it had been added before; add each queue once, "
                                     "with the handlers of all of its jobs",
                                     name)};
    }
}

const QueueDefinition* QueueEngine::definition_of(std::string_view queue) const
{
    const auto found = queues_.find(queue);
    return found == queues_.end() ? nullptr : &found->second->definition;
}

result<JobTable*> QueueEngine::table() const
{
    const std::lock_guard lock{mutex_};
    if (table_) return table_.get();
    return fail(Failure::unavailable, "queues-not-open",
                "asked for jobs before the queues were opened; call start() or open() first");
}

result<void> QueueEngine::open()
{
    const std::lock_guard one_at_a_time{starting_};
    if (not stopped_) return done();
    BOOST_OUTCOME_TRY(open_table());
    return catch_up();
}

result<void> QueueEngine::open_table()
{
    if (refused_) return *refused_;
    if (table()) return done();
    std::set<std::string> in_order;
    for (const auto& [name, queue] : queues_) {
        if (queue->definition.options.in_order_per_key) in_order.insert(name);
    }
    BOOST_OUTCOME_TRY(auto opened, JobTable::open(runtime_, directory_, in_order));
    const auto fits = check_checkpoint(store_, opened->checkpoint(), "opened the table of jobs", "it is made anew");
    if (not fits) {
        if (fits.error().code != "log-behind-checkpoint") return fits.error();
        write_to(runtime_.log, LogLevel::warning, "queues-table-made-anew", {}, fits.error());
        opened.reset();
        BOOST_OUTCOME_TRY(remove_database(runtime_, directory_));
        BOOST_OUTCOME_TRY(opened, JobTable::open(runtime_, directory_, in_order));
    }
    const std::lock_guard lock{mutex_};
    table_ = std::move(opened);
    return done();
}

// Everything that stands in the log now.
result<void> QueueEngine::catch_up()
{
    const std::lock_guard table_alone{tables_};
    const Position head = store_.head();
    const auto cursor   = store_.read({.scope = Scope::category("job"), .from = table_->checkpoint() + 1});
    std::vector<RecordedEvent> events;
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event != nullptr) events.push_back(*event);
        if (events.empty() || (event != nullptr && events.size() < events_folded_together)) {
            if (event == nullptr) break;
            continue;
        }
        BOOST_OUTCOME_TRY(const auto folded, table_->fold(events, events.back().position));
        report_lost(folded);
        events.clear();
        if (event == nullptr) break;
    }
    if (head > table_->checkpoint()) {
        BOOST_OUTCOME_TRY(table_->fold({}, head));
    }
    return hear_of_streams(*table_);
}

// Which streams of jobs were deleted, or are seen again. With tables_: what stands before that in the log is in the table.
result<void> QueueEngine::hear_of_streams(JobTable& table) const
{
    const auto settings_of = settings_stream_of({});
    const Position known   = table.checkpoint();
    Position heard         = table.settings_heard();
    const auto cursor =
        store_.read({.scope = Scope::category(std::string{StreamSettings::category}), .from = heard + 1});
    JobTable::StreamsNow streams;
    for (bool is_more = true; is_more;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        is_more = event != nullptr && event->position <= known;
        if (is_more) {
            heard         = event->position;
            const auto id = job_of_stream(std::string_view{event->stream}.substr(settings_of.size()));
            if (not id || streams.contains(*id)) continue;
            auto job = read_job(store_, *id);
            if (job)
                streams.emplace(*id, job.value().recorded == 0 ? std::nullopt : std::optional{std::move(job.value())});
            // A part of it is left: the row stays as it is.
            if (not job && job.error().code != "job-history-lost") return job.error();
        }
        if (heard == table.settings_heard() || (is_more && streams.size() < events_folded_together)) continue;
        BOOST_OUTCOME_TRY(table.take_streams(streams, heard));
        streams.clear();
    }
    return done();
}

// What an earlier process had begun, and has not ended.
result<void> QueueEngine::recover()
{
    BOOST_OUTCOME_TRY(const auto begun, table_->begun());
    leases_found_.clear();
    if (begun.empty()) return done();
    const Error lost{Failure::unavailable, "worker-lost",
                     "The process that worked on the job ended before the job did."};
    for (const Uuid& id : begun) {
        if (auto leased = lease_of(id); leased && leased.value()) {
            leases_found_.push_back(std::move(leased.value())); // its worker may live
            continue;
        }
        const auto decide = [&](const Job& job) -> result<JobFact> {
            if (not job.is_open() || not job.tried.begun) return refuse("job-ended", "It has ended.");
            const auto* definition = definition_of(job.queue);
            write_to(runtime_.log, LogLevel::warning, "job-worker-lost",
                     {{"job", to_string(id)}, {"queue", job.queue}});
            return fact_of_fault(job, definition == nullptr ? QueueOptions{} : definition->options, id,
                                 job.tried.ended + 1, lost);
        };
        const auto recorded = record(id, decide);
        if (not recorded && recorded.error().kind != Failure::refused) return recorded.error();
    }
    return catch_up();
}

result<void> QueueEngine::start()
{
    const std::lock_guard one_at_a_time{starting_};
    if (refused_) return *refused_;
    if (not stopped_ || queues_.empty()) return done();
    BOOST_OUTCOME_TRY(check_schedules());
    BOOST_OUTCOME_TRY(commands_.take_category("job", typeid(JobFacts), "the queues"));
    BOOST_OUTCOME_TRY(open_table());
    BOOST_OUTCOME_TRY(const bool ended_in_order, table_->take_clean_mark());
    suspects_to_ = ended_in_order ? 0 : store_.head();
    BOOST_OUTCOME_TRY(catch_up());
    BOOST_OUTCOME_TRY(recover());
    BOOST_OUTCOME_TRY(begin_schedules());
    for (const auto& [name, queue] : queues_) {
        const QueueOptions& options = queue->definition.options;
        if (options.in_order_per_key) continue;
        const auto at_once =
            options.at_once_per_key == 0 ? std::numeric_limits<std::size_t>::max() : options.at_once_per_key;
        BOOST_OUTCOME_TRY(table_->release_all(name, at_once));
    }
    BOOST_OUTCOME_TRY(call_user_code("the start of the threads for jobs", {}, [&] {
        for (const auto& [name, queue] : queues_) {
            if (queue->definition.options.workers == 0 || not works_here_) continue;
            pools_[name] = runtime_.executor.own_threads(queue->definition.options.workers);
        }
    }));
    ++runs_;
    stopping_ = false;
    stopped_  = false;
    take_up_leases();
    take_up();
    for (std::size_t i = 0; i < schedules_.size(); ++i) {
        post([i](QueueEngine& self) { self.take_occurrences(i); });
    }
    return done();
}

void QueueEngine::take_up()
{
    const auto pauses = table_->pauses();
    {
        const std::lock_guard lock{mutex_};
        error_.reset();
        for (const auto& [name, until] : pauses) {
            if (const auto queue = queues_.find(name); queue != queues_.end()) queue->second->paused_until = until;
        }
        for (const auto& [name, limits] : table_->limits()) {
            if (const auto queue = queues_.find(name); queue != queues_.end()) queue->second->limit(limits);
        }
        pump_all();
        read_more_wakes();
    }
    auto following = bus_.subscribe({.name = "queues", .scope = Scope::category("job"), .after = table_->checkpoint()},
                                    [weak = weak_from_this()](const Delivery& delivery) -> result<void> {
                                        const auto self = weak.lock();
                                        return self ? self->hear(delivery) : done();
                                    });
    const std::lock_guard lock{mutex_};
    following_ = std::move(following);
}

result<void> QueueEngine::hear(const Delivery& delivery)
{
    const std::lock_guard table_alone{tables_};
    if (stopped_) return done(); // it is heard again
    const auto heard = table_->fold(delivery.events, delivery.position);
    if (not heard) {
        give_up(heard.error());
        return heard.error();
    }
    const Folded& folded = heard.value();
    report_lost(folded);
    const std::lock_guard lock{mutex_};
    for (const auto& pause : folded.pauses) {
        if (const auto queue = queues_.find(pause.queue); queue != queues_.end()) {
            queue->second->paused_until = pause.until;
        }
    }
    for (const auto& [name, limits] : folded.limits) {
        if (const auto queue = queues_.find(name); queue != queues_.end()) queue->second->limit(limits);
    }
    take_in(folded.jobs);
    return done();
}

void QueueEngine::report_lost(const Folded& folded) const
{
    for (const auto& [stream, error] : folded.lost) {
        write_to(runtime_.log, LogLevel::error, "job-unreadable", {{"stream", stream}}, error);
    }
}

void QueueEngine::post(std::function<void(QueueEngine&)> task)
{
    ++tasks_;
    runtime_.executor.post([weak = weak_from_this(), task = std::move(task)] {
        const auto self = weak.lock();
        if (not self) return;
        task(*self);
        --self->tasks_;
    });
}

void QueueEngine::post_at(Time time, std::function<void(QueueEngine&)> task)
{
    runtime_.executor.post_at(time, [weak = weak_from_this(), task = std::move(task)] {
        const auto self = weak.lock();
        if (self && not self->stopped_) task(*self);
    });
}

void QueueEngine::post_to_table(TableTask task)
{
    post([task = std::move(task)](QueueEngine& self) {
        const std::lock_guard table_alone{self.tables_};
        if (self.stopped_) return;
        const auto changes = task(*self.table_);
        if (not changes) return self.give_up(changes.error());
        const std::lock_guard lock{self.mutex_};
        self.take_in(changes.value());
    });
}

void QueueEngine::stop()
{
    const std::lock_guard one_at_a_time{starting_};
    if (stopped_) return;
    stopping_ = true;
    std::vector<ClaimPtr> claims;
    std::map<std::string, std::unique_ptr<Executor>> pools;
    std::shared_ptr<EventSubscription> following;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& [id, claim] : claims_) claims.push_back(claim);
        following.swap(following_);
        for (const auto& [name, waiting] : std::exchange(pulls_, {})) {
            for (const auto& pull : waiting) post_answer(pull, not_taken());
        }
    }
    for (const auto& claim : claims) claim->stopping.request_stop();
    if (following) following->stop();
    {
        const std::lock_guard lock{mutex_};
        pools.swap(pools_);
    }
    pools.clear(); // waits for the handlers
    for (const auto& claim : claims) {
        const std::lock_guard lock{claim->mutex};
        claim->stage = Claim::Stage::over;
    }
    runtime_.executor.wait_until([this] { return appends_.load() == 0; }, Time::max());
    stopped_ = true;
    {
        const std::lock_guard table_alone{tables_}; // whatever uses the table has ended
    }
    if (not error())
        static_cast<void>(table_->put_clean_mark()); // without it the next start counts attempts more carefully
    const std::lock_guard lock{mutex_};
    claims_.clear();
    lost_.clear();
    unreturned_ = 0;
    for (const auto& [name, queue] : queues_) queue->forget();
    wakes_.clear();
    wakes_timer_.reset();
    wakes_are_read_ = false;
}

void QueueEngine::give_up(Error error)
{
    bool is_first = false;
    {
        const std::lock_guard lock{mutex_};
        is_first = not error_;
        if (is_first) error_ = error;
    }
    if (is_first) write_to(runtime_.log, LogLevel::error, "queues-stopped", {}, error);
    runtime_.executor.wake();
}

std::optional<Error> QueueEngine::error() const
{
    const std::lock_guard lock{mutex_};
    if (error_) return error_;
    return following_ ? following_->error() : std::nullopt;
}

result<Position> QueueEngine::position() const
{
    BOOST_OUTCOME_TRY(const JobTable* table, this->table());
    return table->checkpoint();
}

bool QueueEngine::is_idle()
{
    const std::lock_guard lock{mutex_};
    if (not claims_.empty() || unreturned_ > 0 || tasks_.load() > 0 || appends_.load() > 0) return false;
    const Time now = runtime_.clock.now();
    if (not wakes_.is_whole() && wakes_.empty()) return false;
    if (not wakes_.empty() && wakes_.first().first.first <= now) return false;
    for (const auto& [name, queue] : queues_) {
        if (not pools_.contains(name) || queue->paused_until > now) continue;
        if (not queue->is_empty() && queue->state(now) != QueueState::Why::rate) return false;
    }
    return true;
}

bool QueueEngine::settle(Time deadline)
{
    const auto settled = [this] {
        if (stopped_ || error()) return true;
        std::shared_ptr<EventSubscription> following;
        {
            const std::lock_guard lock{mutex_};
            following = following_;
        }
        // What was read before is idle after: an append in between moves the head.
        return is_idle() && following && following->position() >= store_.head() && is_idle();
    };
    return runtime_.executor.wait_until(settled, deadline) && not stopped_ && not error();
}

} // namespace eventloom::queues
