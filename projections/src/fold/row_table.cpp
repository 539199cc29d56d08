#include "fold/row_table.hpp"

#include <eventloom/framework/detail/value_codec.hpp>
#include <eventloom/framework/utf8.hpp>

#include <algorithm>

namespace eventloom::detail {

namespace {

Error unique_index_violated(const TableDescription& table, const std::string& index, const std::string& key,
                            const std::string& other_key)
{
    return {Failure::invalid, "unique-index-violated",
            "changed the row " + printable(key) + (table.name.empty() ? "" : " of " + table.name) +
                " and found that the row " + printable(other_key) + " has the same value in the unique index \"" +
                index + "\"; make the handlers give each row its own value, or use an index that is not unique"};
}

} // namespace

RowTable::RowTable(const TableDefinition& definition, const FindStored& find)
    : definition_{&definition}, find_{&find},
      has_unique_index_{std::any_of(definition.indexes.begin(), definition.indexes.end(),
                                    [](const IndexDefinition& index) { return index.unique; })},
      slots_{definition.about.type->size}
{
}

void* RowTable::update(std::string ordered_key, const void* key)
{
    Slot& slot = touched(std::move(ordered_key), key).second;
    if (not slot.has_row) definition_->about.type->clear(slot.kept.get());
    slot.has_row = true;
    return definition_->about.type->row(slot.kept.get());
}

const void* RowTable::find(std::string ordered_key, const void* key)
{
    const Slot& slot = loaded(std::move(ordered_key), key).second;
    return slot.has_row ? row_of(slot) : nullptr;
}

result<void> RowTable::settle()
{
    if (error_) return *error_;
    if (not has_unique_index_) return done();
    for (Place* place : touched_) release_claims(place->second);
    for (Place* place : touched_) {
        BOOST_OUTCOME_TRY(take_claims(*place));
    }
    touched_.clear();
    return done();
}

void RowTable::flush(Changes& changes)
{
    // All entries that go, before any that come: a unique entry may pass from one row to another.
    for (Place* place : changed_) remove_entries(*place, changes);
    std::int64_t more_rows = 0;
    for (Place* place : changed_) more_rows += put_row(*place, changes);
    if (more_rows != 0) changes.count(definition_->about.name, more_rows);
    changed_.clear();
}

result<std::optional<std::string>> RowTable::row(std::string_view ordered_key) const
{
    const auto* place = slots_.find(ordered_key);
    if (place == nullptr) return (*find_)(definition_->about.keys.row(ordered_key));
    const Slot& slot = place->second;
    return slot.has_row ? std::optional{encoded(slot)} : std::nullopt;
}

void RowTable::forget_rows()
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

void RowTable::count_bytes(Slot& slot, std::size_t content)
{
    bytes_ -= std::min(bytes_, slot.bytes);
    slot.bytes = bytes_of_place() + content;
    bytes_ += slot.bytes;
}

std::vector<std::string> RowTable::entries_of(const Place& place) const
{
    std::vector<std::string> entries;
    if (not place.second.has_row) return entries;
    for (const IndexDefinition& index : definition_->indexes) {
        const auto value = index.value(row_of(place.second));
        auto& entry      = entries.emplace_back(index.prefix + value.ordered);
        if (not index.unique || value.nothing) entry += place.first;
    }
    return entries;
}

std::vector<RowTable::Claim> RowTable::claims_of(const Slot& slot) const
{
    std::vector<Claim> claims;
    const auto& indexes = definition_->indexes;
    for (std::size_t i = 0; slot.has_row && i < indexes.size(); ++i) {
        if (not indexes[i].unique) continue;
        const auto value = indexes[i].value(row_of(slot));
        if (not value.nothing) claims.push_back({i, indexes[i].prefix + value.ordered});
    }
    return claims;
}

std::string RowTable::encoded(const Slot& slot) const
{
    std::string bytes;
    encode_value(*definition_->about.type->description, slot.kept.get(), bytes, nullptr);
    return bytes;
}

void RowTable::remove_entries(Place& place, Changes& changes) const
{
    Slot& slot           = place.second;
    auto entries         = entries_of(place);
    slot.entries_changed = entries != slot.entries;
    if (not slot.entries_changed) return;
    for (const auto& entry : slot.entries) changes.remove(entry);
    slot.entries = std::move(entries);
}

// Gives how many rows there are more.
int RowTable::put_row(Place& place, Changes& changes)
{
    auto& [key, slot] = place;
    slot.changed      = false;
    if (slot.entries_changed) {
        for (const auto& entry : slot.entries) changes.put(entry, key);
    }
    if (slot.has_row) {
        const auto bytes = encoded(slot);
        count_bytes(slot, 2 * key.size() + bytes.size());
        changes.put(definition_->about.keys.row(key), bytes);
    } else if (slot.stored) {
        changes.remove(definition_->about.keys.row(key));
    }
    const int more_rows = static_cast<int>(slot.has_row) - static_cast<int>(slot.stored);
    slot.stored         = slot.has_row;
    return more_rows;
}

void RowTable::release_claims(Slot& slot)
{
    const auto now = claims_of(slot);
    for (const Claim& claim : slot.claims) {
        if (std::find(now.begin(), now.end(), claim) == now.end()) owners_[claim.entry] = std::nullopt;
    }
}

result<void> RowTable::take_claims(Place& place)
{
    auto& [key, slot] = place;
    auto now          = claims_of(slot);
    for (const Claim& claim : now) {
        BOOST_OUTCOME_TRY(auto* const owner, owner_of(claim.entry));
        if (*owner && **owner != key) {
            return unique_index_violated(definition_->about, definition_->about.indexes[claim.index].name,
                                         key_text_of(*definition_->about.type, slot.kept.get()), text_of_key(**owner));
        }
        *owner = key;
    }
    slot.claims = std::move(now);
    return done();
}

// The ordered key of the row that has a unique entry.
result<std::optional<std::string>*> RowTable::owner_of(const std::string& entry)
{
    auto known = owners_.find(entry);
    if (known == owners_.end()) {
        BOOST_OUTCOME_TRY(auto stored, (*find_)(entry));
        known = owners_.emplace(entry, std::move(stored)).first;
    }
    return &known->second;
}

std::string RowTable::text_of_key(const std::string& ordered_key) const
{
    if (const auto* place = slots_.find(ordered_key))
        return key_text_of(*definition_->about.type, place->second.kept.get());
    const auto stored = (*find_)(definition_->about.keys.row(ordered_key));
    if (stored && stored.value()) {
        const AnyRow row{*definition_->about.type, *stored.value()};
        if (row) return key_text_of(*definition_->about.type, row.get());
    }
    return "(a row that cannot be read)";
}

RowTable::Place& RowTable::touched(std::string ordered_key, const void* key)
{
    Place& place = loaded(std::move(ordered_key), key);
    if (not place.second.changed) changed_.push_back(&place);
    place.second.changed = true;
    if (has_unique_index_) touched_.push_back(&place);
    return place;
}

// Brings the row of `key` into memory.
RowTable::Place& RowTable::loaded(std::string ordered_key, const void* key)
{
    auto& place             = *slots_.try_emplace(std::move(ordered_key)).first;
    place.second.last_touch = ++touches_;
    if (not place.second.kept) {
        auto stored = (*find_)(definition_->about.keys.row(place.first));
        auto read   = stored ? load(place, key, stored.value()) : result<void>{std::move(stored.error())};
        if (not place.second.kept) make_kept(place, key);
        if (not read) error_ = std::move(read.error());
    }
    return place;
}

void RowTable::make_kept(Place& place, const void* key)
{
    place.second.kept = make_row(*definition_->about.type, RowSlots<Slot>::beside(place), key);
}

result<void> RowTable::load(Place& place, const void* key, const std::optional<std::string>& stored)
{
    auto& [ordered_key, slot] = place;
    make_kept(place, stored ? nullptr : key);
    count_bytes(slot, 2 * ordered_key.size() + (stored ? stored->size() : 0));
    if (not stored) return done();
    const RowType& type = *definition_->about.type;
    BOOST_OUTCOME_TRY(decode_value(*type.description, slot.kept.get(), *stored, type.name));
    slot.has_row = true;
    slot.stored  = true;
    slot.entries = entries_of(place);
    if (has_unique_index_) slot.claims = claims_of(slot);
    return done();
}

void* update_row(RowTable& table, std::string ordered_key, const void* key)
{
    return table.update(std::move(ordered_key), key);
}

const void* find_row(RowTable& table, std::string ordered_key, const void* key)
{
    return table.find(std::move(ordered_key), key);
}

void erase_row(RowTable& table, std::string ordered_key, const void* key)
{
    table.erase(std::move(ordered_key), key);
}

} // namespace eventloom::detail
