#include "engine/engine.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/log.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <limits>

namespace eventloom {

SagaEngine::SagaEngine(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus,
                       std::string directory, SagasOptions options)
    : runtime_{runtime}, store_{store}, commands_{commands}, bus_{bus}, directory_{std::move(directory)},
      options_{options}, activities_{runtime, options.activity_threads}
{
}

void SagaEngine::add(Saga saga)
{
    ensure(stopped(), "a saga was added after start()");
    const auto key = std::pair{saga->name, saga->version};
    if (definitions_.emplace(key, std::move(saga)).second) return;
    refuse(
        {Failure::invalid, "saga-added-twice",
         fmt::format("added version {} of the saga {} and found that it had been added before; add each version of a "
                     "saga once",
                     key.second, key.first)});
}

void SagaEngine::add(SagaMigration migration)
{
    ensure(stopped(), "a migration was added after start()");
    const auto key = std::pair{migration.saga, migration.from};
    if (migrations_.emplace(key, std::move(migration)).second) return;
    refuse({Failure::invalid, "migration-added-twice",
            fmt::format(
                "added a migration of the saga {} from version {} and found that there was one before; add one for "
                "each version",
                key.first, key.second)});
}

void SagaEngine::add_activity(std::type_index request, std::string_view name, AnyActivity activity,
                              ActivityOptions options)
{
    ensure(stopped(), "an activity was added after start()");
    if (activities_.add(request, name, std::move(activity), options)) return;
    refuse(
        {Failure::invalid, "activity-added-twice",
         fmt::format("added an activity for the request {} and found that it had one before; add one activity for each "
                     "request",
                     name)});
}

// Whoever adds gets no answer, so that the first error is kept for whoever opens the engine.
void SagaEngine::refuse(Error error)
{
    if (not refused_) refused_ = std::move(error);
}

Saga SagaEngine::definition_of(const std::string& saga, std::uint32_t version) const
{
    const auto found = definitions_.find({saga, version});
    return found == definitions_.end() ? nullptr : found->second;
}

// The versions of a name come in their order.
Saga SagaEngine::newest_definition_of(const std::string& saga) const
{
    const auto after = definitions_.upper_bound({saga, std::numeric_limits<std::uint32_t>::max()});
    if (after == definitions_.begin() || std::prev(after)->first.first != saga) return nullptr;
    return std::prev(after)->second;
}

result<InstanceTable*> SagaEngine::table() const
{
    const std::lock_guard lock{mutex_};
    if (table_) return table_.get();
    return fail(Failure::unavailable, "sagas-not-open",
                "asked for sagas before the engine was opened; call start() or open() first");
}

result<void> SagaEngine::open()
{
    const std::lock_guard one_at_a_time{starting_};
    return open_table();
}

result<void> SagaEngine::open_table()
{
    if (refused_) return *refused_;
    if (table()) return done();
    const auto steps_of = [this](const InstanceKey& key, const instance::Instance& instance) {
        return names_of_present_steps(definition_of(key.saga, instance.began.version).get(), instance);
    };
    BOOST_OUTCOME_TRY(auto opened, InstanceTable::open(runtime_, directory_, steps_of));
    BOOST_OUTCOME_TRY(read_pauses());
    const std::lock_guard lock{mutex_};
    table_ = std::move(opened);
    return done();
}

result<void> SagaEngine::start()
{
    const std::lock_guard one_at_a_time{starting_};
    if (not stopped()) return done();
    BOOST_OUTCOME_TRY(open_table());
    BOOST_OUTCOME_TRY(check_activities());
    BOOST_OUTCOME_TRY(table_->take_over());
    std::map<std::string, std::vector<Saga>> sagas;
    for (const auto& [name_and_version, saga] : definitions_) sagas[saga->name].push_back(saga);
    for (const auto& [name, versions] : sagas) {
        BOOST_OUTCOME_TRY(commands_.take_category(name, typeid(instance::Instance), "the saga " + name));
        BOOST_OUTCOME_TRY(const auto checkpoint, table_->checkpoint(name));
        BOOST_OUTCOME_TRY(check_log("started the saga " + name, checkpoint));
    }
    BOOST_OUTCOME_TRY(check_log("started sagas whose steps were recorded up to an event", table_->reached()));
    BOOST_OUTCOME_TRY(activities_.start());
    BOOST_OUTCOME_TRY(read_pauses());
    ++run_;
    stopped_   = false;
    auto begun = take_up(sagas);
    if (not begun) stopped_ = true;
    return begun;
}

// What an earlier run has left, and what has happened since.
result<void> SagaEngine::take_up(const std::map<std::string, std::vector<Saga>>& sagas)
{
    BOOST_OUTCOME_TRY(read_timers());
    BOOST_OUTCOME_TRY(auto keys, table_->at_work());
    if (table_->latest() > runtime_.clock.now()) {
        // The clock was set back: what waits for a time that it had may go on.
        BOOST_OUTCOME_TRY(const auto waiting, table_->due_next(std::numeric_limits<std::size_t>::max(), {}));
        for (const DueInstance& instance : waiting) keys.push_back(instance.key);
    }
    BOOST_OUTCOME_TRY(const auto moved, not_in_table());
    keys.insert(keys.end(), moved.begin(), moved.end());
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    to_take_up_ = keys.size();
    for (const auto& key : keys) {
        tell(key, [this](const auto& active) {
            const bool is_read = active->is_known() && active->unrecorded.empty();
            if (const auto kept = is_read ? keep_recorded(*active, 0) : done(); not kept) give_up(kept.error());
            if (--to_take_up_ == 0) runtime_.executor.wake();
            go_on(active);
        });
    }
    say_missing_versions();
    for (const auto& [name, versions] : sagas) {
        BOOST_OUTCOME_TRY(const auto checkpoint, where_to_begin(versions.back()));
        auto following = std::make_shared<Following>(shared_from_this(), versions, options_.events_at_once);
        const std::lock_guard lock{mutex_};
        following->begin(bus_, checkpoint, pauses_.contains(name));
        followings_.push_back(std::move(following));
    }
    return done();
}

// Instances of which the table may not know the last move.
result<std::vector<InstanceKey>> SagaEngine::not_in_table() const
{
    std::vector<InstanceKey> keys;
    BOOST_OUTCOME_TRY(const auto complete, table_->complete_to());
    std::set<std::string> names;
    for (const auto& [name_and_version, saga] : definitions_) names.insert(saga->name);
    for (const auto& name : names) {
        const auto cursor = store_.read({.scope = Scope::category(name), .from = complete + 1});
        for (;;) {
            BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
            if (event == nullptr) break;
            if (auto key = instance_of_stream(event->stream)) keys.push_back(std::move(*key));
        }
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
}

// Without it every instance would fail, one after the other.
result<void> SagaEngine::check_activities() const
{
    const auto check = [&](const SagaDefinition& saga, const SagaStep& step, const std::type_info* type,
                           std::string_view name) -> result<void> {
        if (type == nullptr || activities_.knows(*type)) return done();
        return fail(Failure::invalid, "no-such-activity",
                    fmt::format("started the saga {} and found no activity that answers {}, which its step \"{}\" asks "
                                "for; add it with sagas.perform<{}>(...)",
                                saga.name, name, step.name, name));
    };
    for (const auto& [name_and_version, saga] : definitions_) {
        for (const SagaStep& step : saga->steps) {
            BOOST_OUTCOME_TRY(check(*saga, step, step.request, step.request_name));
            BOOST_OUTCOME_TRY(check(*saga, step, step.undo_request, step.undo_request_name));
        }
    }
    return done();
}

// Open instances that this program cannot continue; each of them is stuck as soon as it has something to do.
void SagaEngine::say_missing_versions() const
{
    for (const auto& [counted, number] : table_->count()) {
        const bool is_open_one = counted.status == SagaStatus::running || counted.status == SagaStatus::compensating;
        if (number == 0 || not is_open_one || definition_of(counted.saga, counted.version)) continue;
        write_to(runtime_.log, LogLevel::error, "saga-version-missing",
                 {{"saga", counted.saga}, {"version", counted.version}, {"instances", number}});
    }
}

result<void> SagaEngine::check_log(const std::string& doing, Position reached) const
{
    return check_checkpoint(store_, reached, doing,
                            "remove the directory " + directory_ + ", which is made again from the log");
}

void SagaEngine::stop()
{
    const std::lock_guard one_at_a_time{starting_};
    if (stopped_.exchange(true)) return;
    std::vector<std::shared_ptr<Following>> ended;
    {
        const std::lock_guard lock{mutex_};
        ended.swap(followings_);
    }
    for (const auto& following : ended) following->stop(); // without the lock, which handlers take
    // Calls that have not answered are not waited for: their answers find a stopped engine, and they are made again.
    activities_.stop();
    runtime_.executor.wait_until([this] { return running_.load() == 0; }, Time::max());
    static_cast<void>(table_->flush()); // what is not kept is found in the log
    table_->forget_writes();
    timers_.clear();
    std::map<InstanceKey, std::shared_ptr<Active>> dropped;
    const std::lock_guard lock{mutex_};
    dropped.swap(active_);
    calls_.clear();
    busy_ = 0;
    wakes_at_.reset();
}

void SagaEngine::give_up(Error error)
{
    bool is_first = false;
    {
        const std::lock_guard lock{mutex_};
        is_first = not error_;
        if (is_first) error_ = error;
    }
    if (is_first) write_to(runtime_.log, LogLevel::error, "sagas-stopped", {}, error);
    runtime_.executor.wake();
}

std::optional<Error> SagaEngine::error() const
{
    const std::lock_guard lock{mutex_};
    for (const auto& following : followings_) {
        if (auto error = following->error()) return error;
    }
    return error_;
}

} // namespace eventloom
