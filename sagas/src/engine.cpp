#include "engine.hpp"

#include <eventloom/framework/detail/ensure.hpp>

#include <algorithm>
#include <limits>

namespace eventloom {

SagaEngine::SagaEngine(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus,
                       std::string directory, SagasOptions options)
    : runtime_{runtime}, store_{store}, commands_{commands}, bus_{bus}, directory_{std::move(directory)},
      options_{options}
{
}

void SagaEngine::add(Saga saga)
{
    ensure(stopped(), "a saga was added after start()");
    const auto key = std::pair{saga->name, saga->version};
    if (definitions_.emplace(key, std::move(saga)).second) return;
    refuse({Failure::invalid, "saga-added-twice",
            "added version " + std::to_string(key.second) + " of the saga " + key.first +
                " and found that it had been added before; add each version of a saga once"});
}

void SagaEngine::add_activity(std::type_index request, std::string_view name, AnyActivity activity)
{
    ensure(stopped(), "an activity was added after start()");
    if (activities_.emplace(request, std::move(activity)).second) return;
    refuse({Failure::invalid, "activity-added-twice",
            "added an activity for the request " + std::string{name} +
                " and found that it had one before; add one activity for each request"});
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
    BOOST_OUTCOME_TRY(auto opened, InstanceTable::open(runtime_, directory_));
    const std::lock_guard lock{mutex_};
    table_ = std::move(opened);
    return done();
}

result<void> SagaEngine::start()
{
    const std::lock_guard one_at_a_time{starting_};
    if (not stopped()) return done();
    BOOST_OUTCOME_TRY(open_table());
    std::map<std::string, Saga> newest; // the versions of a name come in their order, so the last one stays
    for (const auto& [name_and_version, saga] : definitions_) newest[saga->name] = saga;
    for (const auto& [name, saga] : newest) {
        BOOST_OUTCOME_TRY(commands_.take_category(name, typeid(instance::Instance), "the saga " + name));
        BOOST_OUTCOME_TRY(const auto begun, table_->checkpoint(name));
        BOOST_OUTCOME_TRY(check_log("started the saga " + name, begun));
    }
    BOOST_OUTCOME_TRY(check_log("started sagas whose steps were recorded up to an event", table_->reached()));
    BOOST_OUTCOME_TRY(auto unfinished, table_->open_instances());
    stopped_ = false;
    for (auto& key : unfinished) enqueue(std::move(key));
    for (const auto& [name, saga] : newest) {
        BOOST_OUTCOME_TRY(follow(saga));
    }
    return done();
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
    std::vector<std::shared_ptr<Subscription>> ended;
    {
        const std::lock_guard lock{mutex_};
        ended.swap(subscriptions_);
    }
    for (const auto& subscription : ended) subscription->stop(); // without the lock, which handlers take
    // Calls that have not answered are not waited for: their answers find a stopped engine, and they are made again.
    runtime_.executor.wait_until([this] { return running_.load() == 0; }, Time::max());
    const std::lock_guard lock{mutex_};
    queue_.clear();
    in_hand_ = 0;
    timers_  = 0;
}

std::optional<Error> SagaEngine::error() const
{
    const std::lock_guard lock{mutex_};
    for (const auto& subscription : subscriptions_) {
        if (auto error = subscription->error()) return error;
    }
    return error_;
}

bool SagaEngine::settle(Time deadline, bool with_timers)
{
    const auto idle = [&](std::uint64_t& moves) {
        const std::lock_guard lock{mutex_};
        moves = moves_;
        return queue_.empty() && in_hand_ == 0 && (not with_timers || timers_ == 0);
    };
    const auto settled = [&] {
        if (error()) return true;
        std::uint64_t before = 0;
        std::uint64_t after  = 0;
        if (not idle(before)) return false;
        const bool all_read = has_read_all();
        // Nothing moved while the subscriptions were looked at, so both were true at one moment.
        return all_read && idle(after) && before == after;
    };
    return runtime_.executor.wait_until(settled, deadline) && not error();
}

bool SagaEngine::has_read_all() const
{
    const Position head = store_.head();
    const std::lock_guard lock{mutex_};
    return std::all_of(subscriptions_.begin(), subscriptions_.end(),
                       [&](const auto& subscription) { return subscription->position() >= head; });
}

result<void> SagaEngine::resume(const InstanceKey& key)
{
    BOOST_OUTCOME_TRY(InstanceTable* const rows, table());
    BOOST_OUTCOME_TRY(auto known, rows->find(key));
    if (not known) {
        return fail(Failure::invalid, "no-such-saga-instance",
                    "asked for the saga " + key.stream() + " and found no such instance; `sagas list` shows all");
    }
    BOOST_OUTCOME_TRY(const auto instance, refreshed(key, std::move(*known)));
    if (instance.status != SagaStatus::stuck) {
        return fail(Failure::refused, "saga-not-stuck",
                    "asked to retry the saga " + key.stream() + " and found it " +
                        std::string{to_string(instance.status)} + "; only one that is stuck can be retried");
    }
    BOOST_OUTCOME_TRY(record(key, instance, {instance::Resumed{runtime_.clock.now()}}));
    if (not stopped()) enqueue(key);
    return done();
}

} // namespace eventloom
