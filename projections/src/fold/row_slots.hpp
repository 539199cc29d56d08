// What a fold remembers about rows, by their ordered keys: a hash table whose values do not move.
//
//     RowSlots<Slot> slots{sizeof(Row)};
//     const auto [place, fresh] = slots.try_emplace(ordered_key(key));
//     place->second.changed = true;
//     new (slots.beside(*place)) Row{};                  // memory of the slot's own, for what the Slot destroys
//
// A fold with many rows mostly waits for memory. The hashes are close together, with the addresses of the values, so that a
// search waits twice: std::unordered_map waits four times. Threads: one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventloom::detail {

template <class Value>
class RowSlots {
public:
    using Place = std::pair<const std::string, Value>;

    // So many bytes of memory follow each value, aligned for any type.
    explicit RowSlots(std::size_t bytes_beside = 0) : bytes_{bytes_of_place + bytes_beside} {}

    static void* beside(Place& place) { return reinterpret_cast<std::byte*>(&place) + bytes_of_place; }

    // Nothing when the key is not there.
    const Place* find(std::string_view key) const
    {
        return entries_.empty() ? nullptr : entry_of(key, hash_of(key)).place;
    }

    // The place of `key`, and whether it is new.
    std::pair<Place*, bool> try_emplace(std::string key)
    {
        if (2 * (places_.size() + 1) > entries_.size()) grow();
        const auto hash = hash_of(key);
        Entry& entry    = entry_of(key, hash);
        if (entry.place != nullptr) return {entry.place, false};
        auto* const memory = ::operator new(bytes_);
        auto* const place  = new (memory) Place{std::move(key), Value{}};
        places_.emplace_back(place);
        entry = {hash, place};
        return {place, true};
    }

    // Calls `condition` once for each of them.
    template <class Condition>
    void erase_if(const Condition& condition)
    {
        std::erase_if(places_, [&](const auto& place) { return condition(*place); });
        std::fill(entries_.begin(), entries_.end(), Entry{});
        for (const auto& place : places_) {
            const auto hash    = hash_of(place->first);
            unused_entry(hash) = {hash, place.get()};
        }
    }

private:
    struct Entry {
        std::uint64_t hash = 0;
        Place* place       = nullptr;
    };
    struct Destroy {
        void operator()(Place* place) const
        {
            std::destroy_at(place);
            ::operator delete(static_cast<void*>(place));
        }
    };
    static constexpr std::size_t least_entries  = 64;
    static constexpr std::size_t alignment      = alignof(std::max_align_t);
    static constexpr std::size_t bytes_of_place = (sizeof(Place) + alignment - 1) / alignment * alignment;

    static std::uint64_t hash_of(std::string_view key) { return std::hash<std::string_view>{}(key); }

    // The entry of `key`, or the unused one where it belongs.
    const Entry& entry_of(std::string_view key, std::uint64_t hash) const
    {
        for (std::size_t at = hash;; ++at) {
            const Entry& entry = entries_[at & (entries_.size() - 1)];
            if (entry.place == nullptr || (entry.hash == hash && entry.place->first == key)) return entry;
        }
    }
    Entry& entry_of(std::string_view key, std::uint64_t hash)
    {
        return const_cast<Entry&>(std::as_const(*this).entry_of(key, hash));
    }

    Entry& unused_entry(std::uint64_t hash)
    {
        std::size_t at = hash;
        while (entries_[at & (entries_.size() - 1)].place != nullptr) ++at;
        return entries_[at & (entries_.size() - 1)];
    }

    // At least half of them stay unused; otherwise a search would look at many.
    void grow()
    {
        std::vector<Entry> before(std::max(least_entries, 2 * entries_.size()));
        before.swap(entries_);
        for (const Entry& entry : before) {
            if (entry.place != nullptr) unused_entry(entry.hash) = entry;
        }
    }

    std::size_t bytes_;
    std::vector<std::unique_ptr<Place, Destroy>> places_;
    std::vector<Entry> entries_; // a power of two
};

} // namespace eventloom::detail
