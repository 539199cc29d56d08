#include "index/query_walk.hpp"

#include "record/key_spaces.hpp"

namespace eventloom {

namespace {

bool is_nearer(Position one, Position other, Direction direction)
{
    return direction == Direction::forwards ? one < other : one > other;
}

} // namespace

ListWalk::ListWalk(const EventIndex& index, const IndexView& view, char space, std::string name)
    : index_{index}, view_{view}, space_{space}, name_{std::move(name)}, prefix_{key_spaces::of_text(space, name_)}
{
}

result<std::optional<Position>> ListWalk::find(Position position, Direction direction)
{
    if (direction == Direction::backwards) {
        if (const auto found = find_in_memory(position, direction)) return found;
        return find_on_disk(std::min(position, view_.on_disk), direction);
    }
    if (position <= view_.on_disk) {
        BOOST_OUTCOME_TRY(const auto found, find_on_disk(position, direction));
        if (found && *found <= view_.on_disk) return found;
    }
    return find_in_memory(position, direction);
}

result<std::optional<Position>> ListWalk::find_on_disk(Position position, Direction direction)
{
    if (position == 0) return std::optional<Position>{};
    const bool forwards = direction == Direction::forwards;
    if (not entry_.empty() && entry_.first() <= position && position <= entry_.last()) {
        return forwards ? entry_.at_or_after(position) : entry_.at_or_before(position);
    }
    auto cursor         = index_.database().cursor();
    const auto is_entry = [&] { return cursor.valid() && cursor.key().starts_with(prefix_); };
    // The first entry that does not end before the position; backwards, the one before it when that one begins after it.
    cursor.seek(key_spaces::with_number(prefix_, position));
    for (bool is_last_try = forwards;; is_last_try = true) {
        BOOST_OUTCOME_TRY(cursor.status());
        if (is_entry()) {
            BOOST_OUTCOME_TRY(entry_, PositionList::decode(cursor.value()));
            const auto found = forwards ? entry_.at_or_after(position) : entry_.at_or_before(position);
            if (found) return found;
        }
        if (is_last_try) return std::optional<Position>{};
        cursor.previous();
    }
}

std::optional<Position> ListWalk::find_in_memory(Position position, Direction direction) const
{
    std::optional<Position> nearest;
    for (const auto& tail : view_.tails) {
        const std::shared_lock lock{tail->mutex()};
        const auto* list = tail->positions(space_, name_);
        if (list == nullptr) continue;
        const auto found =
            direction == Direction::forwards ? list->at_or_after(position) : list->at_or_before(position);
        if (found && (not nearest || is_nearer(*found, *nearest, direction))) nearest = found;
    }
    return nearest;
}

QueryWalk::QueryWalk(const EventIndex& index, const IndexView& view, const EventQuery& query)
    : everything_{query.items.empty()}
{
    for (const QueryItem& wanted : query.items) {
        if (wanted.types.empty() && wanted.tags.empty()) everything_ = true;
        Item& item = items_.emplace_back();
        for (const auto& type : wanted.types) item.any_of.emplace_back(index, view, key_spaces::of_type, type);
        for (const auto& tag : wanted.tags) item.all_of.emplace_back(index, view, key_spaces::with_tag, tag);
    }
}

QueryWalk::QueryWalk(const EventIndex& index, const IndexView& view, const std::string& category)
{
    items_.emplace_back().all_of.emplace_back(index, view, key_spaces::in_category, category);
}

result<std::optional<Position>> QueryWalk::find(Position position, Direction direction)
{
    if (everything_) return std::optional{position};
    std::optional<Position> nearest;
    for (Item& item : items_) {
        BOOST_OUTCOME_TRY(const auto found, find(item, position, direction));
        if (found && (not nearest || is_nearer(*found, *nearest, direction))) nearest = found;
    }
    return nearest;
}

// Every list moves the candidate on, until all of them agree on one. Tags first: few events carry one, and where none does
// nothing else is asked.
result<std::optional<Position>> QueryWalk::find(Item& item, Position position, Direction direction)
{
    Position candidate = position;
    for (bool agreed = false; not agreed;) {
        const Position before = candidate;
        for (ListWalk& list : item.all_of) {
            BOOST_OUTCOME_TRY(const auto found, list.find(candidate, direction));
            if (not found) return found;
            candidate = *found;
        }
        if (not item.any_of.empty()) {
            std::optional<Position> nearest;
            for (ListWalk& list : item.any_of) {
                BOOST_OUTCOME_TRY(const auto found, list.find(candidate, direction));
                if (found && (not nearest || is_nearer(*found, *nearest, direction))) nearest = found;
            }
            if (not nearest) return nearest;
            candidate = *nearest;
        }
        agreed = candidate == before;
    }
    return std::optional{candidate};
}

} // namespace eventloom
