// The rows of one table while a fold changes them.
//
//     RowTable rows{definition, find};
//     auto& row = *static_cast<Sales*>(rows.update(ordered_key(sku), &sku));
//     BOOST_OUTCOME_TRY(rows.settle());                 // after each event
//     rows.flush(changes);                              // after many
//
// A row is read when it is first touched, and kept in memory from then on. Threads: one.
#pragma once

#include "define/any_row.hpp"
#include "fold/row_slots.hpp"

#include <unordered_map>

namespace eventloom::detail {

class RowTable {
public:
    // Both must outlive it.
    RowTable(const TableDefinition& definition, const FindStored& find);

    // definition.hpp
    void* update(std::string ordered_key, const void* key);
    const void* find(std::string ordered_key, const void* key);
    void erase(std::string ordered_key, const void* key)
    {
        touched(std::move(ordered_key), key).second.has_row = false;
    }

    // To be called after each event: says which row could not be read, or has a value in a unique index that another has.
    result<void> settle();

    void flush(Changes& changes);

    // As a flush would leave it.
    result<std::optional<std::string>> row(std::string_view ordered_key) const;

    std::size_t bytes_cached() const { return bytes_; }

    // Only after a flush. Lets go of the rows that were not touched lately: in the last quarter of all touches since then.
    void forget_rows();

private:
    // A key that only one row may have.
    struct Claim {
        std::size_t index;
        std::string entry;

        friend bool operator==(const Claim&, const Claim&) = default;
    };

    // What every touch looks at stands first, together.
    struct Slot {
        std::uint64_t last_touch = 0;     // its number among all touches
        bool changed             = false; // since the last flush
        bool stored              = false; // the row was there at the last flush
        bool entries_changed     = false; // since then
        bool has_row             = false;
        RowInPlace kept;                  // key and row, beside the slot
        std::vector<std::string> entries; // that stand in the indexes, as far as it was flushed
        std::vector<Claim> claims;        // on unique entries, as far as it was settled
        std::size_t bytes = 0;            // roughly, as far as it was loaded or flushed
    };
    using Place = RowSlots<Slot>::Place;

    // What a row costs in memory beside its own content.
    std::size_t bytes_of_place() const { return sizeof(Place) + definition_->about.type->size + 96; }

    void count_bytes(Slot& slot, std::size_t content);
    std::vector<std::string> entries_of(const Place& place) const;
    std::vector<Claim> claims_of(const Slot& slot) const;
    std::string encoded(const Slot& slot) const;
    const void* row_of(const Slot& slot) const { return definition_->about.type->row(slot.kept.get()); }
    void remove_entries(Place& place, Changes& changes) const;
    int put_row(Place& place, Changes& changes);
    void release_claims(Slot& slot);
    result<void> take_claims(Place& place);
    result<std::optional<std::string>*> owner_of(const std::string& entry);
    std::string text_of_key(const std::string& ordered_key) const;
    Place& touched(std::string ordered_key, const void* key);
    Place& loaded(std::string ordered_key, const void* key);
    void make_kept(Place& place, const void* key);
    result<void> load(Place& place, const void* key, const std::optional<std::string>& stored);

    const TableDefinition* definition_;
    const FindStored* find_;
    bool has_unique_index_;
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
