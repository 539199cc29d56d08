// The rows of one table while a fold changes them.
//
//     TableFold<StoredRow<Sku, Sales>> rows{definition, find};
//     ++rows.update(sku).sold;
//     BOOST_OUTCOME_TRY(rows.settle());                 // after each event
//     rows.flush(changes);                              // after many
//
// A row is read when it is first touched, and kept in memory from then on. Needs cereal: include projection.hpp instead.
// Threads: one.
#pragma once

#include <eventloom/projections/cells.hpp>
#include <eventloom/projections/handler_checks.hpp>
#include <eventloom/projections/key_text.hpp>
#include <eventloom/projections/query_key.hpp>
#include <eventloom/projections/row_slots.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_map>

namespace eventloom::detail {

// What an index's function makes of a row.
struct IndexValue {
    std::string ordered;
    bool nothing = false; // an empty std::optional: in a unique index it stands for no value
};

template <class Value>
IndexValue index_value(const Value& value)
{
    if constexpr (requires { value.has_value(); }) {
        return {ordered_key(value), not value.has_value()};
    } else {
        return {ordered_key(value), false};
    }
}

// The error of a row that has the same value in a unique index as another.
Error unique_index_violated(const TableDescription& table, const std::string& index, const std::string& key,
                            const std::string& other_key);

// A table with its types: what it is made of.
template <class Stored>
struct TableDefinition {
    using Row = row_of<Stored>;

    struct Index {
        std::string prefix; // of its entries' keys
        bool unique;
        std::function<IndexValue(const Row&)> value;
    };
    // A key that only one row may have.
    struct Claim {
        std::size_t index;
        std::string entry;

        friend bool operator==(const Claim&, const Claim&) = default;
    };

    TableDescription about;
    std::vector<Index> indexes; // beside about.indexes
    bool has_unique_index = false;

    std::vector<std::string> entries_of(const Row& row, const std::string& ordered_key) const
    {
        std::vector<std::string> entries;
        for (const Index& index : indexes) {
            const auto value = index.value(row);
            auto& entry      = entries.emplace_back(index.prefix + value.ordered);
            if (not index.unique || value.nothing) entry += ordered_key;
        }
        return entries;
    }

    std::vector<Claim> claims_of(const std::optional<Row>& row) const
    {
        std::vector<Claim> claims;
        for (std::size_t i = 0; row && i < indexes.size(); ++i) {
            if (not indexes[i].unique) continue;
            const auto value = indexes[i].value(*row);
            if (not value.nothing) claims.push_back({i, indexes[i].prefix + value.ordered});
        }
        return claims;
    }
};

template <class Stored>
class TableFold final : public table<key_of<Stored>, row_of<Stored>> {
public:
    using Key = key_of<Stored>;
    using Row = row_of<Stored>;

    TableFold(const TableDefinition<Stored>& definition, const FindStored& find)
        : definition_{&definition}, find_{&find}
    {
    }

    Row& update(const Key& key) override
    {
        Slot& slot = touched(key).second;
        if (not slot.row) slot.row.emplace();
        return *slot.row;
    }

    const Row* find(const Key& key) override
    {
        const Slot& slot = loaded(key).second;
        return slot.row ? &*slot.row : nullptr;
    }

    void erase(const Key& key) override { touched(key).second.row.reset(); }

    // To be called after each event: says which row could not be read, or has a value in a unique index that another has.
    result<void> settle()
    {
        if (error_) return *error_;
        if (not definition_->has_unique_index) return done();
        for (Place* place : touched_) release_claims(place->second);
        for (Place* place : touched_) {
            BOOST_OUTCOME_TRY(take_claims(*place));
        }
        touched_.clear();
        return done();
    }

    void flush(Changes& changes)
    {
        // All entries that go, before any that come: a unique entry may pass from one row to another.
        for (Place* place : changed_) remove_entries(*place, changes);
        std::int64_t more_rows = 0;
        for (Place* place : changed_) more_rows += put_row(*place, changes);
        if (more_rows != 0) changes.count(definition_->about.name, more_rows);
        changed_.clear();
    }

    result<std::optional<std::string>> row(std::string_view ordered_key) const
    {
        const auto* place = slots_.find(ordered_key);
        if (place == nullptr) return (*find_)(definition_->about.keys.row(ordered_key));
        const Slot& slot = place->second;
        return slot.row ? std::optional{encoded(slot)} : std::nullopt;
    }

    std::size_t bytes_cached() const { return bytes_; }

    // Only after a flush. Lets go of the rows that were not touched lately: in the last quarter of all touches since then.
    void forget_rows()
    {
        const auto lately    = touches_ - (touches_ - touches_when_forgot_) / 4;
        touches_when_forgot_ = touches_;
        slots_.erase_if([&](const Place& place) {
            const bool goes = place.second.last_touch < lately;
            if (goes) bytes_ -= std::min(bytes_, place.second.bytes);
            return goes;
        });
        owners_.clear();
    }

private:
    using Claim = typename TableDefinition<Stored>::Claim;

    // What every touch looks at stands first, together.
    struct Slot {
        std::uint64_t last_touch = 0;     // its number among all touches
        bool changed             = false; // since the last flush
        bool stored              = false; // the row was there at the last flush
        bool entries_changed     = false; // since then
        std::optional<Row> row;
        Key key;
        std::vector<std::string> entries; // that stand in the indexes, as far as it was flushed
        std::vector<Claim> claims;        // on unique entries, as far as it was settled
        std::size_t bytes = 0;            // roughly, as far as it was loaded or flushed
    };
    using Place = typename RowSlots<Slot>::Place;

    // What a row costs in memory beside its own content.
    static constexpr std::size_t place_bytes = sizeof(Place) + 96;

    static std::string encoded(const Slot& slot)
    {
        std::string bytes;
        codec<Stored>::encode({slot.key, *slot.row}, bytes);
        return bytes;
    }

    void count_bytes(Slot& slot, std::size_t content)
    {
        bytes_ -= std::min(bytes_, slot.bytes);
        slot.bytes = place_bytes + content;
        bytes_ += slot.bytes;
    }

    void remove_entries(Place& place, Changes& changes) const
    {
        auto& [key, slot] = place;
        std::vector<std::string> entries;
        if (slot.row) entries = definition_->entries_of(*slot.row, key);
        slot.entries_changed = entries != slot.entries;
        if (not slot.entries_changed) return;
        for (const auto& entry : slot.entries) changes.remove(entry);
        slot.entries = std::move(entries);
    }

    // Gives how many rows there are more.
    int put_row(Place& place, Changes& changes)
    {
        auto& [key, slot] = place;
        slot.changed      = false;
        if (slot.entries_changed) {
            for (const auto& entry : slot.entries) changes.put(entry, key);
        }
        if (slot.row) {
            const auto bytes = encoded(slot);
            count_bytes(slot, 2 * key.size() + bytes.size());
            changes.put(definition_->about.keys.row(key), bytes);
        } else if (slot.stored) {
            changes.remove(definition_->about.keys.row(key));
        }
        const int more_rows = static_cast<int>(slot.row.has_value()) - static_cast<int>(slot.stored);
        slot.stored         = slot.row.has_value();
        return more_rows;
    }

    void release_claims(Slot& slot)
    {
        const auto now = definition_->claims_of(slot.row);
        for (const Claim& claim : slot.claims) {
            if (std::find(now.begin(), now.end(), claim) == now.end()) owners_[claim.entry] = std::nullopt;
        }
    }

    result<void> take_claims(Place& place)
    {
        auto& [key, slot] = place;
        auto now          = definition_->claims_of(slot.row);
        for (const Claim& claim : now) {
            BOOST_OUTCOME_TRY(auto* const owner, owner_of(claim.entry));
            if (*owner && **owner != key) {
                return unique_index_violated(definition_->about, definition_->about.indexes[claim.index].name,
                                             key_text(slot.key), text_of_key(**owner));
            }
            *owner = key;
        }
        slot.claims = std::move(now);
        return done();
    }

    // The ordered key of the row that has a unique entry.
    result<std::optional<std::string>*> owner_of(const std::string& entry)
    {
        auto known = owners_.find(entry);
        if (known == owners_.end()) {
            BOOST_OUTCOME_TRY(auto stored, (*find_)(entry));
            known = owners_.emplace(entry, std::move(stored)).first;
        }
        return &known->second;
    }

    std::string text_of_key(const std::string& ordered_key) const
    {
        if (const auto* place = slots_.find(ordered_key)) return key_text(place->second.key);
        const auto stored = (*find_)(definition_->about.keys.row(ordered_key));
        if (stored && stored.value()) {
            if (const auto row = codec<Stored>::decode(*stored.value())) return key_text(row.value().key);
        }
        return "(a row that cannot be read)";
    }

    Place& touched(const Key& key)
    {
        Place& place = loaded(key);
        if (not place.second.changed) changed_.push_back(&place);
        place.second.changed = true;
        if (definition_->has_unique_index) touched_.push_back(&place);
        return place;
    }

    // Brings the row of `key` into memory.
    Place& loaded(const Key& key)
    {
        const auto [place, fresh] = slots_.try_emplace(ordered_key(key));
        place->second.last_touch  = ++touches_;
        if (fresh) {
            place->second.key = key;
            if (auto read = load(*place); not read) error_ = std::move(read.error());
        }
        return *place;
    }

    result<void> load(Place& place)
    {
        auto& [key, slot] = place;
        BOOST_OUTCOME_TRY(const auto stored, (*find_)(definition_->about.keys.row(key)));
        count_bytes(slot, 2 * key.size() + (stored ? stored->size() : 0));
        if (not stored) return done();
        BOOST_OUTCOME_TRY(auto row, codec<Stored>::decode(*stored));
        slot.row     = std::move(row.row);
        slot.stored  = true;
        slot.entries = definition_->entries_of(*slot.row, key);
        if (definition_->has_unique_index) slot.claims = definition_->claims_of(slot.row);
        return done();
    }

    const TableDefinition<Stored>* definition_;
    const FindStored* find_;
    RowSlots<Slot> slots_;
    std::vector<Place*> changed_; // since the last flush, in the order of first change
    std::vector<Place*> touched_; // by the present event, when there is a unique index
    std::unordered_map<std::string, std::optional<std::string>> owners_; // of unique entries, where they were asked for
    std::optional<Error> error_;                                         // of a row that could not be read
    std::size_t bytes_                 = 0;                              // of the slots, roughly
    std::uint64_t touches_             = 0;
    std::uint64_t touches_when_forgot_ = 0;
};

} // namespace eventloom::detail
