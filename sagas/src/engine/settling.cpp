// When no more is done now: of the whole engine, or of one instance. Whoever waits for that asks after each task, so what is asked
// first is cheap.
#include "engine/engine.hpp"

#include <algorithm>

namespace eventloom {

// A call that waits in the queue of its activity is not being made; a provider that is down is tried with one call, which is. With
// the lock, under which nobody owns an instance that is not busy.
bool SagaEngine::is_at_work(const Active& active)
{
    if (active.is_busy || not active.inbox.empty()) return true;
    return std::any_of(active.works.begin(), active.works.end(),
                       [](const auto& work) { return not work->is_called() || not work->call->waits(); });
}

// Whether one of those in hand is. It is looked for from the last one that was, so that those that wait are gone over rarely when
// they are many. With the lock.
bool SagaEngine::one_is_at_work(InstanceKey& last) const
{
    if (busy_ > 0) return true;
    const auto is_one = [](const auto& one) { return is_at_work(*one.second); };
    const auto start  = active_.lower_bound(last);
    for (const auto& [first, end] : {std::pair{start, active_.end()}, std::pair{active_.begin(), start}}) {
        const auto found = std::find_if(first, end, is_one);
        if (found == end) continue;
        last = found->first;
        return true;
    }
    return false;
}

bool SagaEngine::settle(Time deadline, bool with_attempts)
{
    InstanceKey last_at_work;
    const auto is_idle = [&](std::uint64_t& moves) {
        const std::lock_guard lock{mutex_};
        moves              = moves_;
        const auto next    = timers_.next();
        const bool is_time = next && *next <= runtime_.clock.now();
        if (is_time || (with_attempts && timers_.attempts() > 0)) return false;
        return active_.empty() || (not with_attempts && not one_is_at_work(last_at_work));
    };
    const auto has_read_all = [&] {
        const Position head = store_.head();
        const std::lock_guard lock{mutex_};
        return std::all_of(followings_.begin(), followings_.end(),
                           [&](const auto& following) { return following->has_read_to(head); });
    };
    const auto settled = [&] {
        if (error()) return true;
        std::uint64_t before = 0;
        std::uint64_t after  = 0;
        if (not is_idle(before)) return false;
        // Nothing moved while the log was looked at, so both were true at one moment.
        return has_read_all() && is_idle(after) && before == after;
    };
    return runtime_.executor.wait_until(settled, deadline) && not error();
}

namespace {

bool is_caused_by(const InstanceKey& key, const RecordedEvent& event)
{
    const auto& headers = event.metadata.headers;
    return std::any_of(headers.begin(), headers.end(),
                       [&](const auto& header) { return header.first == "saga" && header.second == key.stream(); });
}

} // namespace

// The instance, those that it waits for because it runs them, and so on, as their rows are.
result<std::vector<SettlingInstance>> SagaEngine::settling_with(const InstanceKey& key) const
{
    std::vector<SettlingInstance> found{{key, 0, {}}};
    for (std::size_t i = 0; i < found.size(); ++i) {
        BOOST_OUTCOME_TRY(const auto row, table_->find(InstanceKey{found[i].key}));
        if (not row) continue;
        found[i].recorded = row->instance.recorded;
        found[i].due      = row->due;
        if (not is_open(row->instance)) continue;
        for (const auto& [task, call] : calls_answered_later(row->instance)) {
            auto child = instance_of_stream(stream_of_run(call));
            if (child && std::ranges::find(found, *child, &SettlingInstance::key) == found.end()) {
                found.push_back({std::move(*child), 0, {}});
            }
        }
    }
    return found;
}

// The last event that an instance has caused. It is before the last one of the instance's own stream, or after it in the same append
// (docs/format.md, "Saga engine").
result<Position> SagaEngine::caused_to(const InstanceKey& key) const
{
    const auto last = history(key, 1);
    BOOST_OUTCOME_TRY(const RecordedEvent* event, last->next());
    if (event == nullptr) return 0;
    Position caused  = event->position;
    const auto after = store_.read({.scope = Scope::everything(), .from = caused + 1});
    for (;;) {
        BOOST_OUTCOME_TRY(event, after->next());
        if (event == nullptr || not is_caused_by(key, *event)) return caused;
        caused = event->position;
    }
}

result<bool> SagaEngine::is_settled(const InstanceKey& key, Position position) const
{
    BOOST_OUTCOME_TRY(table());
    BOOST_OUTCOME_TRY(check_saga(key.saga, "wait for"));
    const auto is_at_rest = [this](const SettlingInstance& one) {
        const auto found = active_.find(one.key);
        return found == active_.end() || not is_at_work(*found->second);
    };
    const auto are_at_rest = [&](const std::vector<SettlingInstance>& all) {
        const std::lock_guard lock{mutex_};
        return std::all_of(all.begin(), all.end(), is_at_rest);
    };
    if (not are_at_rest({{key, 0, {}}})) return false;
    BOOST_OUTCOME_TRY(const auto all, settling_with(key));
    const Time now = runtime_.clock.now();
    for (const SettlingInstance& one : all) {
        if (one.due && *one.due <= now) return false;
        BOOST_OUTCOME_TRY(const Position caused, caused_to(one.key));
        const std::lock_guard lock{mutex_};
        const bool has_read = std::all_of(followings_.begin(), followings_.end(), [&](const auto& following) {
            return following->saga() != one.key.saga || following->has_read_to(std::max(position, caused));
        });
        if (not has_read) return false;
    }
    // What was read before came into their inboxes before; and when their rows have not changed, all of it was true at one moment.
    if (not are_at_rest(all)) return false;
    BOOST_OUTCOME_TRY(const auto again, settling_with(key));
    return all == again;
}

} // namespace eventloom
