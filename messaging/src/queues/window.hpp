// The first entries of an index that is on disk, in memory.
//
//     window.offer(place, job);                       // a new entry of the index
//     if (window.wants_more()) window.fill(entries_after(window.end()), last, is_last);
//     while (not window.empty()) take(window.first());
//
// Invariant: every entry of the index up to end() is in memory, unless it was taken or removed; entries after it are on
// disk alone. So it never reads what it has read before, and passes over no entry that was deleted. Threads: one at a time.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace eventloom::queues {

template <class Key, class Value>
class Window {
public:
    explicit Window(std::size_t most = 1'024) : most_{most} {}

    using Entries = std::vector<std::pair<Key, Value>>;

    void offer(const Key& key, Value value)
    {
        if (not is_whole_ && (not end_ || *end_ < key)) return;
        first_.insert_or_assign(key, std::move(value));
        if (first_.size() <= most_) return;
        first_.erase(std::prev(first_.end()));
        is_whole_ = false;
        end_      = std::prev(first_.end())->first;
    }

    void remove(const Key& key) { first_.erase(key); }

    bool empty() const { return first_.empty(); }
    std::size_t size() const { return first_.size(); }
    const std::pair<const Key, Value>& first() const { return *first_.begin(); }
    bool wants_more() const { return not is_whole_ && first_.size() < most_ / 4; }
    std::size_t most() const { return most_; }
    // Entries after this one are to be read; nothing: all of them.
    const std::optional<Key>& end() const { return end_; }
    // Nothing of the index is anywhere but here.
    bool is_whole() const { return is_whole_; }

    // Of the next entries after end(), up to `last`, those that are to be taken. `is_last`: there are no more.
    void fill(Entries entries, const std::optional<Key>& last, bool is_last)
    {
        if (last) end_ = last;
        for (auto& [key, value] : entries) first_.insert_or_assign(key, std::move(value));
        is_whole_ = is_last;
        if (is_whole_) end_.reset();
    }

    void clear()
    {
        first_.clear();
        end_.reset();
        is_whole_ = false;
    }

private:
    std::size_t most_;
    std::map<Key, Value> first_;
    std::optional<Key> end_;
    bool is_whole_ = false;
};

} // namespace eventloom::queues
