#include "timers.hpp"

namespace eventloom {

void Timers::forget(const InstanceKey& key)
{
    const auto known = by_key_.find(key);
    if (known == by_key_.end()) return;
    if (known->second.waits_for_attempt) --attempts_;
    by_time_.erase({known->second.due, key});
    by_key_.erase(known);
}

void Timers::set(const DueInstance& instance)
{
    const std::lock_guard lock{mutex_};
    forget(instance.key);
    if (horizon_ && instance.due > *horizon_) return;
    by_time_.emplace(instance.due, instance.key);
    by_key_.emplace(instance.key, instance);
    if (instance.waits_for_attempt) ++attempts_;
    if (by_time_.size() <= in_memory_) return;
    forget(InstanceKey{by_time_.rbegin()->second});
    horizon_ = by_time_.rbegin()->first;
}

void Timers::remove(const InstanceKey& key)
{
    const std::lock_guard lock{mutex_};
    forget(key);
}

std::vector<InstanceKey> Timers::take_due(Time now)
{
    const std::lock_guard lock{mutex_};
    std::vector<InstanceKey> keys;
    while (not by_time_.empty() && by_time_.begin()->first <= now) {
        keys.push_back(by_time_.begin()->second);
        forget(keys.back());
    }
    return keys;
}

std::size_t Timers::attempts() const
{
    const std::lock_guard lock{mutex_};
    return attempts_;
}

std::optional<Time> Timers::next() const
{
    const std::lock_guard lock{mutex_};
    if (not by_time_.empty()) return by_time_.begin()->first;
    return horizon_;
}

std::optional<Time> Timers::horizon() const
{
    const std::lock_guard lock{mutex_};
    return horizon_;
}

void Timers::set_horizon(std::optional<Time> horizon)
{
    const std::lock_guard lock{mutex_};
    horizon_ = horizon;
}

void Timers::clear()
{
    const std::lock_guard lock{mutex_};
    by_time_.clear();
    by_key_.clear();
    attempts_ = 0;
    horizon_.reset();
}

} // namespace eventloom
