// Walks over the positions of the events that match a query, by the lists of their types and tags: a step costs about as
// much as the lists that are read, whatever the length of the log.
#pragma once

#include "index/event_index.hpp"

namespace eventloom {

// The list of one category, type or tag, through one view: on disk first, then in memory.
class ListWalk {
public:
    ListWalk(const EventIndex& index, const IndexView& view, char space, std::string name);

    // The nearest position at or after `position` when reading forwards, at or before it when reading backwards.
    result<std::optional<Position>> find(Position position, Direction direction);

private:
    result<std::optional<Position>> find_on_disk(Position position, Direction direction);
    std::optional<Position> find_in_memory(Position position, Direction direction) const;

    const EventIndex& index_;
    const IndexView& view_;
    const char space_;
    const std::string name_;
    const std::string prefix_;
    PositionList entry_; // the last that was read
};

class QueryWalk {
public:
    // Index and view outlive the walk.
    QueryWalk(const EventIndex& index, const IndexView& view, const EventQuery& query);
    // All events of a category.
    QueryWalk(const EventIndex& index, const IndexView& view, const std::string& category);

    result<std::optional<Position>> find(Position position, Direction direction);

private:
    struct Item {
        std::vector<ListWalk> any_of; // none: no restriction
        std::vector<ListWalk> all_of;
    };
    static result<std::optional<Position>> find(Item& item, Position position, Direction direction);

    std::vector<Item> items_;
    bool everything_ = false;
};

} // namespace eventloom
