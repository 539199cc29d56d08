// The entries that the index must have for the events and commands of the log, as hashes that can be compared without
// keeping them.
//
// An entry says "the event at this position is number 7 of that stream", "... is of that type", "... has that id". Its hash
// is a number of 64 bits that looks random, and the sum of many such numbers does not depend on their order. So when the
// entries of a range of positions have the same sum in the log and in the index, both have the same entries: a difference
// stays unseen once in 2^64. docs/decisions/0007 calls the entries facts.
#pragma once

#include "record/indexed_fields.hpp"
#include "record/key_spaces.hpp"

#include <xxhash.h>

#include <array>
#include <vector>

namespace eventloom {

struct EntryHash {
    std::size_t kind   = 0; // in entry_kinds
    Position position  = 0;
    std::uint64_t hash = 0;
};

// By the key space of the index; ids are one kind, in blocks or not.
inline constexpr std::array<char, 6> entry_kinds{key_spaces::in_stream, key_spaces::in_category, key_spaces::of_type,
                                                 key_spaces::with_tag,  key_spaces::event_id,    key_spaces::command};
enum EntryKind : std::size_t { stream_entry, category_entry, type_entry, tag_entry, id_entry, command_entry };

inline std::uint64_t entry_hash(std::uint64_t name_hash, Position position, std::uint64_t number)
{
    std::uint64_t hash = name_hash ^ (position * 0x9e3779b97f4a7c15u + number * 0xc2b2ae3d27d4eb4fu);
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    hash ^= hash >> 29;
    hash *= 0xa0761d6478bd642fu;
    return hash ^ hash >> 32;
}

inline std::uint64_t name_hash(EntryKind kind, std::string_view name)
{
    return XXH3_64bits_withSeed(name.data(), name.size(), kind + 1);
}

inline EntryHash named_entry(EntryKind kind, std::uint64_t name, Position position, std::uint64_t number = 0)
{
    return {kind, position, entry_hash(name, position, number)};
}

inline EntryHash entry_of(const CommandFields& command)
{
    return named_entry(command_entry, name_hash(command_entry, command.content), command.last_position,
                       name_hash(command_entry, command.id));
}

// The entries of one event after the other. Events of one stream often follow each other, and so do those of one type.
class EventEntries {
public:
    template <class Take>
    void visit(const EventFields& event, Position position, Take take)
    {
        if (event.stream != stream_) {
            stream_        = event.stream;
            stream_hash_   = name_hash(stream_entry, stream_);
            category_hash_ = name_hash(category_entry, category_of(stream_));
        }
        const bool is_gone = event.type.empty();
        if (not is_gone && event.type != type_) {
            type_      = event.type;
            type_hash_ = name_hash(type_entry, type_);
        }
        take(named_entry(stream_entry, stream_hash_, position, event.version));
        take(named_entry(category_entry, category_hash_, position));
        if (not is_gone) take(named_entry(type_entry, type_hash_, position));
        take(named_entry(id_entry, name_hash(id_entry, event.id), position));
        if (event.tags.empty()) return;
        tags_.clear();
        for (auto texts = event.tags; not texts.empty();) {
            const auto hash = name_hash(tag_entry, take_text(texts));
            // A tag that is given twice counts once, as in the index.
            if (std::find(tags_.begin(), tags_.end(), hash) != tags_.end()) continue;
            tags_.push_back(hash);
            take(named_entry(tag_entry, hash, position));
        }
    }

private:
    std::string stream_;
    std::string type_;
    std::uint64_t stream_hash_   = name_hash(stream_entry, "");
    std::uint64_t category_hash_ = name_hash(category_entry, "");
    std::uint64_t type_hash_     = name_hash(type_entry, "");
    std::vector<std::uint64_t> tags_;
};

// Sums of entries by range of positions and kind. However long the log, there are not many ranges.
class EntrySums {
public:
    explicit EntrySums(Position last)
    {
        while (last >> shift_ >= ranges_max) ++shift_;
        sums_.resize((last >> shift_) + 1);
    }

    // `entry.position` is not after the last.
    void add(const EntryHash& entry) { sums_[entry.position >> shift_][entry.kind] += entry.hash; }

    struct Range {
        Position first = 0;
        Position last  = 0;
        std::array<bool, entry_kinds.size()> kinds{}; // that differ
    };
    std::vector<Range> differences(const EntrySums& other) const
    {
        std::vector<Range> ranges;
        for (Position i = 0; i < sums_.size(); ++i) {
            if (sums_[i] == other.sums_[i]) continue;
            Range& range = ranges.emplace_back();
            range.first  = i << shift_;
            range.last   = ((i + 1) << shift_) - 1;
            for (std::size_t kind = 0; kind < range.kinds.size(); ++kind) {
                range.kinds[kind] = sums_[i][kind] != other.sums_[i][kind];
            }
        }
        return ranges;
    }

private:
    static constexpr Position ranges_max = 1024;
    unsigned shift_                      = 16;
    std::vector<std::array<std::uint64_t, entry_kinds.size()>> sums_;
};

} // namespace eventloom
