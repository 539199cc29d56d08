#include "index/index_tail.hpp"

#include "record/key_spaces.hpp"

#include <eventloom/framework/detail/ensure.hpp>

#include <xxhash.h>

#include <algorithm>

namespace eventloom {

std::size_t UuidHash::operator()(const Uuid& id) const
{
    return XXH3_64bits(id.bytes.data(), id.bytes.size());
}

void IdTable::add(const Uuid& id, Position position)
{
    if ((used_ + 1) * 2 > slots_.size()) {
        std::vector<Slot> smaller = std::exchange(slots_, std::vector<Slot>(std::max<std::size_t>(64, used_ * 8)));
        used_                     = 0;
        for (const Slot& slot : smaller) {
            if (slot.position != 0) add(slot.id, slot.position);
        }
    }
    std::size_t at = UuidHash{}(id) % slots_.size();
    while (slots_[at].position != 0 && slots_[at].id != id) at = at + 1 == slots_.size() ? 0 : at + 1;
    if (slots_[at].position == 0) ++used_;
    slots_[at] = {id, position};
}

std::optional<Position> IdTable::find(const Uuid& id) const
{
    if (slots_.empty()) return std::nullopt;
    std::size_t at = UuidHash{}(id) % slots_.size();
    for (; slots_[at].position != 0; at = at + 1 == slots_.size() ? 0 : at + 1) {
        if (slots_[at].id == id) return slots_[at].position;
    }
    return std::nullopt;
}

std::vector<std::pair<Uuid, Position>> IdTable::sorted() const
{
    std::vector<std::pair<Uuid, Position>> ids;
    ids.reserve(used_);
    for (const Slot& slot : slots_) {
        if (slot.position != 0) ids.emplace_back(slot.id, slot.position);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

namespace {

template <class Value, class LastUsed>
Value& entry(TextMap<Value>& map, std::string_view name, LastUsed& last)
{
    if (last.value == nullptr || last.name != name) {
        auto found = map.find(name);
        if (found == map.end()) found = map.try_emplace(std::string{name}).first;
        last = {found->first, &found->second}; // neither moves when the map grows
    }
    return *last.value;
}

template <class Value>
Value& entry(TextMap<Value>& map, std::string_view name)
{
    const auto found = map.find(name);
    return found != map.end() ? found->second : map[std::string{name}];
}

} // namespace

void IndexTail::add(const IndexedEvent& event)
{
    ensure(event.position == last_ + 1, "the index was about to get a gap");
    last_        = event.position;
    auto& stream = entry(streams_, event.stream, last_stream_);
    if (stream.positions.empty()) stream.first_version = event.version;
    stream.positions.add(event.position, 1);
    entry(categories_, category_of(event.stream), last_category_).add(event.position, 1);
    if (not event.type.empty()) entry(types_, event.type, last_type_).add(event.position, 1); // else it is gone
    for (const auto& tag : event.tags) entry(tags_, tag).add(event.position, 1);
    ids_.add(event.id, event.position);
    if (is_ordered_id(event.id) && event.id > greatest_ordered_id_) greatest_ordered_id_ = event.id;
}

const IndexTail::Stream* IndexTail::stream(std::string_view name) const
{
    const auto found = streams_.find(name);
    return found == streams_.end() ? nullptr : &found->second;
}

const TextMap<PositionList>& IndexTail::lists(char space) const
{
    return space == key_spaces::in_category ? categories_ : space == key_spaces::of_type ? types_ : tags_;
}

const PositionList* IndexTail::positions(char space, std::string_view name) const
{
    const auto& names = lists(space);
    const auto found  = names.find(name);
    return found == names.end() ? nullptr : &found->second;
}

const CommandRecord* IndexTail::command(const Uuid& id) const
{
    const auto found = commands_.find(id);
    return found == commands_.end() ? nullptr : &found->second;
}

} // namespace eventloom
