// States of aggregates by stream, the most recently used ones.
//
//     cache.keep("order-1042", loaded);
//     if (const auto kept = cache.find("order-1042")) ...
//
// Threads: any.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <typeinfo>
#include <unordered_map>

namespace eventloom {

namespace detail {

struct StateType;

// A copy, or for nullptr a new state.
std::shared_ptr<void> copy_of_state(const StateType& type, const void* state);

struct LoadedState {
    std::shared_ptr<const void> state;
    const std::type_info* type = nullptr; // of the state
    std::uint64_t events       = 0;       // of the stream, up to the last that it was folded from
    std::uint64_t settings     = 0;       // how often the stream's limits had been changed before
    std::uint64_t age          = 0;       // of the cache when the state was begun
};

class AggregateCache {
public:
    explicit AggregateCache(std::size_t capacity) : capacity_{capacity} {}

    // Nothing: there is no such state.
    std::optional<LoadedState> find(const std::string& stream)
    {
        const std::lock_guard lock{mutex_};
        const auto found = slots_.find(stream);
        if (found == slots_.end()) return std::nullopt;
        order_.splice(order_.begin(), order_, found->second.place);
        return found->second.entry;
    }

    // Does nothing when it was cleared since age() gave the age of the entry.
    void keep(const std::string& stream, const LoadedState& entry)
    {
        if (capacity_ == 0) return;
        const std::lock_guard lock{mutex_};
        if (entry.age != age_) return;
        const auto [slot, added] = slots_.try_emplace(stream);
        if (added) {
            order_.push_front(stream);
            slot->second.place = order_.begin();
        } else if (slot->second.entry.events > entry.events) {
            return; // another thread has read further
        }
        slot->second.entry = entry;
        if (slots_.size() <= capacity_) return;
        slots_.erase(order_.back());
        order_.pop_back();
    }

    // How often it was cleared.
    std::uint64_t age() const
    {
        const std::lock_guard lock{mutex_};
        return age_;
    }

    void clear()
    {
        const std::lock_guard lock{mutex_};
        ++age_;
        slots_.clear();
        order_.clear();
    }

private:
    using Order = std::list<std::string>; // most recently used first
    struct Slot {
        LoadedState entry;
        Order::iterator place;
    };

    mutable std::mutex mutex_;
    std::uint64_t age_ = 0;
    const std::size_t capacity_;
    Order order_;
    std::unordered_map<std::string, Slot> slots_;
};

} // namespace detail

} // namespace eventloom
