#include "followers/service_followers.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <charconv>

namespace eventloom {

result<Position> position_of_letter(const std::string& id)
{
    Position position     = 0;
    const auto [end, bad] = std::from_chars(id.data(), id.data() + id.size(), position);
    if (bad == std::errc{} && end == id.data() + id.size() && position > 0) return position;
    return fail(
        Failure::invalid, "not-a-position",
        fmt::format("asked for the dead letter {}, which is no position of an event; `dead-letters list` shows them",
                    in_quotes(id)));
}

std::vector<result<void>> for_each_letter(std::span<const std::string> ids,
                                          const std::function<result<void>(Position)>& act)
{
    std::vector<result<void>> answers;
    for (const auto& id : ids) {
        const auto position = position_of_letter(id);
        answers.push_back(position ? act(position.value()) : result<void>{position.error()});
    }
    return answers;
}

result<RecordedEvent> event_of_letter(const EventStore& store, Position position)
{
    const auto cursor = store.read({.from = position, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* const event, cursor->next());
    if (event != nullptr && event->position == position) return *event;
    if (position <= store.head()) {
        return fail(Failure::invalid, "event-is-gone",
                    fmt::format("looked for the event at position {}, which is a dead letter, and found that a "
                                "scavenge has removed it; discard the dead letter",
                                position));
    }
    return fail(
        Failure::corrupt, "log-behind-read-model",
        fmt::format("looked for the event at position {}, which is a dead letter, and found a log that ends "
                    "before it; the log was restored, and not its followers: restore these from the same backup, and "
                    "rebuild what is a projection",
                    position));
}

} // namespace eventloom
