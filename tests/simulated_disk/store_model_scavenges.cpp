// What the store's model knows of limits and scavenges.
#include "simulated_disk/store_model.hpp"

namespace eventloom::testing {

bool StoreModel::is_hidden(const RecordedEvent& event) const
{
    return hides(asked_.now(event.stream), length(event.stream), event, now_);
}

std::set<Position> StoreModel::hidden() const
{
    std::set<Position> hidden;
    for (const auto& [stream, positions] : streams_) {
        const auto asked = asked_.now(stream);
        if (asked == StreamStatus{}) continue;
        for (const Position position : positions) {
            if (not gone_.contains(position) && hides(asked, positions.size(), events_[position - 1], now_)) {
                hidden.insert(position);
            }
        }
    }
    return hidden;
}

void StoreModel::scavenge_begins()
{
    may_go_.merge(hidden());
}

// Of an event of the history; one that is gone has no type.
std::string StoreModel::compare_with(const RecordedEvent& found) const
{
    const auto position = found.position;
    const auto& event   = events_[position - 1];
    const auto at       = " at position " + std::to_string(position);
    if (not found.type.empty()) {
        if (gone_.contains(position)) return "there is again what was gone" + at;
        return same_event(found, event) ? "" : "another event" + at;
    }
    if (not gone_.contains(position) && not may_go_.contains(position)) return "gone, and not hidden:" + at;
    const bool is_there = found.id == event.id && found.stream == event.stream && found.version == event.version &&
                          (event.recorded_at == Time{} || found.recorded_at == event.recorded_at);
    return is_there ? "" : "the place of another event" + at;
}

std::string StoreModel::take_gone_from(const LevelDbStore& store)
{
    std::string wrong;
    Position last    = 0;
    const auto event = [&](const RecordedEvent& found) -> result<void> {
        if (found.position != ++last && wrong.empty()) wrong = "no event at position " + std::to_string(last);
        if (found.position > head()) return done();
        if (wrong.empty()) wrong = compare_with(found);
        if (found.type.empty()) gone_.insert(found.position);
        return done();
    };
    const auto visited = store.visit_history(1, {event, [](const CommandRecord&) -> result<void> { return done(); }});
    if (not visited) return "the history is not read: " + visited.error().sentence;
    if (wrong.empty() && last < head()) wrong = "the history ends at position " + std::to_string(last);
    return wrong;
}

} // namespace eventloom::testing
