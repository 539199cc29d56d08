// What log and index both say, as facts that can be compared without keeping them.
//
// A fact is "the event at this position is number 7 of that stream", "... is of that type", "... has that id". Each becomes
// a number of 64 bits that looks drawn at random; the sum of many such numbers does not depend on their order. So when the
// facts of a range of positions have the same sum on both sides, the two sides say the same (docs/decisions/0007): a
// difference goes unseen once in 2^64.
#pragma once

#include "record/glance.hpp"
#include "record/key_spaces.hpp"

#include <xxhash.h>

#include <array>
#include <vector>

namespace eventloom {

struct Fact {
    std::size_t kind   = 0; // in fact_kinds
    Position position  = 0;
    std::uint64_t hash = 0;
};

// By the key space of the index; ids are one kind, in blocks or not.
inline constexpr std::array<char, 6> fact_kinds{key_spaces::in_stream, key_spaces::in_category, key_spaces::of_type,
                                                key_spaces::with_tag,  key_spaces::event_id,    key_spaces::command};
enum FactKind : std::size_t { stream_fact, category_fact, type_fact, tag_fact, id_fact, command_fact };

inline std::uint64_t fact_hash(std::uint64_t name_hash, Position position, std::uint64_t number)
{
    std::uint64_t hash = name_hash ^ (position * 0x9e3779b97f4a7c15u + number * 0xc2b2ae3d27d4eb4fu);
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    hash ^= hash >> 29;
    hash *= 0xa0761d6478bd642fu;
    return hash ^ hash >> 32;
}

inline std::uint64_t name_hash(FactKind kind, std::string_view name)
{
    return XXH3_64bits_withSeed(name.data(), name.size(), kind + 1);
}

inline Fact named_fact(FactKind kind, std::uint64_t name, Position position, std::uint64_t number = 0)
{
    return {kind, position, fact_hash(name, position, number)};
}

inline Fact fact_of(const CommandGlance& command)
{
    return named_fact(command_fact, name_hash(command_fact, command.content), command.last_position,
                      name_hash(command_fact, command.id));
}

// The facts of one event after the other. Events of one stream often follow each other, and so do those of one type.
class EventFacts {
public:
    template <class Take>
    void visit(const EventGlance& event, Position position, Take take)
    {
        if (event.stream != stream_) {
            stream_        = event.stream;
            stream_hash_   = name_hash(stream_fact, stream_);
            category_hash_ = name_hash(category_fact, category_of(stream_));
        }
        const bool is_gone = event.type.empty();
        if (not is_gone && event.type != type_) {
            type_      = event.type;
            type_hash_ = name_hash(type_fact, type_);
        }
        take(named_fact(stream_fact, stream_hash_, position, event.version));
        take(named_fact(category_fact, category_hash_, position));
        if (not is_gone) take(named_fact(type_fact, type_hash_, position));
        take(named_fact(id_fact, name_hash(id_fact, event.id), position));
        if (event.tags.empty()) return;
        tags_.clear();
        for (auto texts = event.tags; not texts.empty();) {
            const auto hash = name_hash(tag_fact, take_text(texts));
            // A tag that is given twice counts once, as in the index.
            if (std::find(tags_.begin(), tags_.end(), hash) != tags_.end()) continue;
            tags_.push_back(hash);
            take(named_fact(tag_fact, hash, position));
        }
    }

private:
    std::string stream_;
    std::string type_;
    std::uint64_t stream_hash_   = name_hash(stream_fact, "");
    std::uint64_t category_hash_ = name_hash(category_fact, "");
    std::uint64_t type_hash_     = name_hash(type_fact, "");
    std::vector<std::uint64_t> tags_;
};

// Sums of facts by range of positions and kind. However long the log, there are not many ranges.
class FactSums {
public:
    explicit FactSums(Position last)
    {
        while (last >> shift_ >= ranges_max) ++shift_;
        sums_.resize((last >> shift_) + 1);
    }

    // `fact.position` is not after the last.
    void add(const Fact& fact) { sums_[fact.position >> shift_][fact.kind] += fact.hash; }

    struct Range {
        Position first = 0;
        Position last  = 0;
        std::array<bool, fact_kinds.size()> kinds{}; // that differ
    };
    std::vector<Range> differences(const FactSums& other) const
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
    std::vector<std::array<std::uint64_t, fact_kinds.size()>> sums_;
};

} // namespace eventloom
