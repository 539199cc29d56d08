#include "job_table.hpp"

#include "job_table_writing.hpp"

#include <eventloom/framework/detail/value_codec.hpp>

#include <algorithm>

namespace eventloom::queues {

namespace {

constexpr std::string_view present_version = "3";

std::string version_with(const std::set<std::string>& in_order)
{
    std::string text{present_version};
    for (const auto& queue : in_order) text.append("\n").append(queue);
    return text;
}

// Open jobs do not change their place by what is only reported of them.
bool begins_to_wait(const std::optional<JobRow>& before, const Job& now)
{
    return not before || before->place == Place::ended || before->job.due != now.due;
}

} // namespace

result<std::unique_ptr<JobTable>> JobTable::open(const Runtime& runtime, const std::string& directory,
                                                 std::set<std::string> in_order)
{
    BOOST_OUTCOME_TRY(auto database, Database::open(runtime, {.directory = directory, .made_anew_when_damaged = true}));
    auto table = std::make_unique<JobTable>(std::move(database), std::move(in_order));
    BOOST_OUTCOME_TRY(table->load());
    return table;
}

result<void> JobTable::load()
{
    const auto wanted = version_with(in_order_);
    BOOST_OUTCOME_TRY(const auto found, database_->get({&keys::version, 1}));
    if (found != wanted) {
        BOOST_OUTCOME_TRY(database_->remove_all());
        Batch batch;
        batch.put({&keys::version, 1}, wanted);
        return database_->write(batch, Durability::buffered);
    }
    BOOST_OUTCOME_TRY(const auto checkpoint, database_->get({&keys::checkpoint, 1}));
    if (checkpoint) checkpoint_ = read_big_endian(*checkpoint);
    BOOST_OUTCOME_TRY(const auto settings, database_->get({&keys::settings, 1}));
    if (settings) settings_heard_ = read_big_endian(*settings);
    auto cursor = database_->scan_cursor();
    const std::string counts{keys::counted};
    for (cursor.seek(counts); cursor.valid() && cursor.key().starts_with(counts); cursor.next()) {
        const auto state                               = static_cast<JobState>(cursor.key().back());
        counts_[{keys::queue_in(cursor.key()), state}] = read_big_endian(cursor.value());
    }
    const std::string paused{keys::paused};
    for (cursor.seek(paused); cursor.valid() && cursor.key().starts_with(paused); cursor.next()) {
        const auto until                      = static_cast<std::int64_t>(read_big_endian(cursor.value()));
        pauses_[keys::queue_in(cursor.key())] = Time{Duration{until}};
    }
    const std::string limited{keys::limited};
    for (cursor.seek(limited); cursor.valid() && cursor.key().starts_with(limited); cursor.next()) {
        BOOST_OUTCOME_TRY(limits_[keys::queue_in(cursor.key())], codec<QueueLimits>::decode(cursor.value()));
    }
    return cursor.status();
}

Position JobTable::checkpoint() const
{
    const std::lock_guard lock{mutex_};
    return checkpoint_;
}

result<Folded> JobTable::fold(std::span<const RecordedEvent> events, Position checkpoint)
{
    Writing writing{*this};
    writing.folded.jobs.reserve(events.size());
    for (const RecordedEvent& event : events) {
        if (const auto queue = queue_of_stream(event.stream)) {
            const auto read = detail::with_facts<JobFacts>(event, "job", [&](const auto& fact) {
                using Fact = std::decay_t<decltype(fact)>;
                if constexpr (std::is_same_v<Fact, QueuePaused>) writing.pause(std::string{*queue}, fact.until);
                if constexpr (std::is_same_v<Fact, QueueResumed>) writing.pause(std::string{*queue}, Time{});
                if constexpr (std::is_same_v<Fact, QueueLimited>) {
                    writing.limit(std::string{*queue}, {fact.workers, fact.per_second});
                }
            });
            if (not read) writing.folded.lost.emplace_back(event.stream, read.error());
            continue;
        }
        const auto id = job_of_stream(event.stream);
        if (not id) continue;
        BOOST_OUTCOME_TRY(auto before, writing.find(*id));
        if (before && event.version < before->job.recorded) continue; // it is in there
        auto job = folded(before ? before->job : Job{}, event);
        if (job && job.value().recorded == 1) {
            if (auto named = check_queue_name(job.value().queue); not named) job = std::move(named.error());
        }
        if (not job) {
            writing.folded.lost.emplace_back(event.stream, job.error());
            continue;
        }
        JobRow now{.job   = std::move(job.value()),
                   .place = before ? before->place : Place::ready,
                   .wakes = before ? before->wakes : Time::max()};
        if (not now.job.is_open()) {
            now.place = Place::ended;
        } else if (begins_to_wait(before, now.job)) {
            BOOST_OUTCOME_TRY(writing.find_place(*id, now, event.recorded_at));
        }
        BOOST_OUTCOME_TRY(writing.put(*id, std::move(before), std::move(now), event.recorded_at));
    }
    BOOST_OUTCOME_TRY(writing.write(checkpoint));
    return std::move(writing.folded);
}

result<void> JobTable::take_streams(const StreamsNow& streams, Position settings)
{
    Writing writing{*this};
    for (const auto& [id, job] : streams) {
        BOOST_OUTCOME_TRY(auto row, writing.find(id));
        if (not job && row && row->place == Place::ended) writing.remove(id, *row);
        if (job && not row && not job->is_open()) {
            BOOST_OUTCOME_TRY(writing.put(id, std::nullopt, {.job = *job, .place = Place::ended}, job->changed));
        }
    }
    writing.hear_settings_up_to(settings);
    BOOST_OUTCOME_TRY(writing.write(std::nullopt));
    const std::lock_guard lock{mutex_};
    settings_heard_ = settings;
    return done();
}

Position JobTable::settings_heard() const
{
    const std::lock_guard lock{mutex_};
    return settings_heard_;
}

std::map<std::string, QueueLimits> JobTable::limits() const
{
    const std::lock_guard lock{mutex_};
    return limits_;
}

result<bool> JobTable::take_clean_mark()
{
    BOOST_OUTCOME_TRY(const auto mark, database_->get({&keys::clean, 1}));
    Batch batch;
    batch.remove({&keys::clean, 1});
    BOOST_OUTCOME_TRY(database_->write(batch, Durability::synced));
    return mark.has_value();
}

result<void> JobTable::put_clean_mark()
{
    Batch batch;
    batch.put({&keys::clean, 1}, {});
    return database_->write(batch, Durability::synced);
}

result<std::vector<JobChange>> JobTable::wake(const std::vector<Uuid>& ids, Time now, std::vector<Uuid>& expired)
{
    Writing writing{*this};
    for (const Uuid& id : ids) {
        BOOST_OUTCOME_TRY(auto before, writing.find(id));
        if (not before || before->place == Place::ended || before->wakes > now) continue;
        JobRow row = *before;
        if (row.job.expires <= now) {
            expired.push_back(id);
            continue;
        }
        row.place = Place::ready;
        BOOST_OUTCOME_TRY(writing.put(id, std::move(before), std::move(row), now));
    }
    BOOST_OUTCOME_TRY(writing.write(std::nullopt));
    return std::move(writing.folded.jobs);
}

result<std::vector<JobChange>> JobTable::hold(const std::vector<Uuid>& ids)
{
    Writing writing{*this};
    for (const Uuid& id : ids) {
        BOOST_OUTCOME_TRY(auto before, writing.find(id));
        if (not before || before->place != Place::ready) continue;
        JobRow row = *before;
        row.place  = Place::held;
        BOOST_OUTCOME_TRY(writing.put(id, std::move(before), std::move(row), Time{}));
    }
    BOOST_OUTCOME_TRY(writing.write(std::nullopt));
    return std::move(writing.folded.jobs);
}

result<std::vector<JobChange>> JobTable::delay(const std::vector<Uuid>& ids, Time until)
{
    Writing writing{*this};
    for (const Uuid& id : ids) {
        BOOST_OUTCOME_TRY(auto before, writing.find(id));
        if (not before || before->place != Place::ready) continue;
        JobRow row = *before;
        row.place  = Place::delayed;
        row.wakes  = until;
        BOOST_OUTCOME_TRY(writing.put(id, std::move(before), std::move(row), Time{}));
    }
    BOOST_OUTCOME_TRY(writing.write(std::nullopt));
    return std::move(writing.folded.jobs);
}

result<std::optional<Uuid>> JobTable::first_held(const std::string& queue, const std::string& key) const
{
    const auto prefix = keys::of_key(keys::held, queue, key);
    auto cursor       = database_->cursor();
    cursor.seek(prefix);
    if (cursor.valid() && cursor.key().starts_with(prefix)) return std::optional{keys::id_in(cursor.value())};
    BOOST_OUTCOME_TRY(cursor.status());
    return std::optional<Uuid>{};
}

result<std::vector<JobChange>> JobTable::release(const std::string& queue, const std::string& key, std::size_t count)
{
    const auto prefix = keys::of_key(keys::held, queue, key);
    std::vector<Uuid> ids;
    auto cursor = database_->cursor();
    for (cursor.seek(prefix); ids.size() < count && cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
        ids.push_back(keys::id_in(cursor.value()));
    }
    BOOST_OUTCOME_TRY(cursor.status());
    Writing writing{*this};
    for (const Uuid& id : ids) {
        BOOST_OUTCOME_TRY(auto before, writing.find(id));
        if (not before || before->place != Place::held) continue;
        JobRow row = *before;
        row.place  = Place::ready;
        BOOST_OUTCOME_TRY(writing.put(id, std::move(before), std::move(row), Time{}));
    }
    BOOST_OUTCOME_TRY(writing.write(std::nullopt));
    return std::move(writing.folded.jobs);
}

result<std::vector<JobChange>> JobTable::release_all(const std::string& queue, std::size_t of_each_key)
{
    const auto prefix = keys::of_queue(keys::held, queue);
    std::vector<JobChange> changes;
    auto cursor = database_->scan_cursor();
    for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix);) {
        BOOST_OUTCOME_TRY(const auto row, find(keys::id_in(cursor.value())));
        if (not row) break;
        BOOST_OUTCOME_TRY(auto released, release(queue, row->job.terms.key, of_each_key));
        std::move(released.begin(), released.end(), std::back_inserter(changes));
        cursor.seek(after_prefix(keys::of_key(keys::held, queue, row->job.terms.key)));
    }
    BOOST_OUTCOME_TRY(cursor.status());
    return changes;
}

} // namespace eventloom::queues
