#include "engine/timers.hpp"

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
    DuePlace place{instance.due, instance.key};
    if (not is_reading_ && horizon_ && place > *horizon_) return;
    by_time_.insert(std::move(place));
    by_key_.emplace(instance.key, instance);
    if (instance.waits_for_attempt) ++attempts_;
    if (not is_reading_) forget_the_last_ones();
}

void Timers::forget_the_last_ones()
{
    while (by_time_.size() > in_memory_) {
        forget(InstanceKey{by_time_.rbegin()->second});
        horizon_ = *by_time_.rbegin();
    }
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
    if (not horizon_) return std::nullopt;
    return horizon_->first;
}

std::optional<DuePlace> Timers::horizon() const
{
    const std::lock_guard lock{mutex_};
    return horizon_;
}

std::optional<std::optional<DuePlace>> Timers::begin_reading()
{
    const std::lock_guard lock{mutex_};
    if (is_reading_) return std::nullopt;
    is_reading_ = true;
    return horizon_;
}

void Timers::end_reading(const std::vector<DueInstance>& due, bool there_are_more)
{
    const std::lock_guard lock{mutex_};
    is_reading_ = false;
    for (const DueInstance& instance : due) {
        // What was set meanwhile is newer.
        if (not by_key_.emplace(instance.key, instance).second) continue;
        by_time_.emplace(instance.due, instance.key);
        if (instance.waits_for_attempt) ++attempts_;
    }
    horizon_ = there_are_more ? std::optional{DuePlace{due.back().due, due.back().key}} : std::nullopt;
    if (horizon_) {
        while (not by_time_.empty() && *by_time_.rbegin() > *horizon_) forget(InstanceKey{by_time_.rbegin()->second});
    }
    forget_the_last_ones();
}

void Timers::clear()
{
    const std::lock_guard lock{mutex_};
    by_time_.clear();
    by_key_.clear();
    attempts_ = 0;
    horizon_.reset();
    is_reading_ = false;
}

} // namespace eventloom
