#include <eventloom/framework/aggregate.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

std::vector<EventList>& lists()
{
    static std::vector<EventList> all;
    return all;
}

} // namespace

const std::vector<EventList>& event_lists()
{
    return lists();
}

bool detail::add_event_list(EventList events)
{
    lists().push_back(events);
    return true;
}

std::string detail::stream_of(std::string_view category, std::string_view id)
{
    return std::string{category}.append("-").append(id);
}

const EventType* detail::find_event_type(const EventTypes& types, std::string_view name)
{
    const auto found =
        std::find_if(types.begin(), types.end(), [&](const EventType& type) { return type.name == name; });
    return found == types.end() ? nullptr : &*found;
}

Error newer_schema_version(std::string_view name, std::uint32_t known, std::uint32_t found)
{
    return {Failure::corrupt, "newer-schema-version",
            fmt::format("read the event \"{}\" in its schema version {}, but this program knows the versions 1 to {}; "
                        "run a newer program, at least as new as the one that wrote it",
                        name, found, known)};
}

namespace {

std::string place_of(const RecordedEvent& event)
{
    return fmt::format("event {} ({}, version {})", event.position, event.stream, event.version);
}

} // namespace

Error unknown_event_type(const RecordedEvent& event, std::string_view reader)
{
    return {Failure::corrupt, "unknown-event-type",
            "read " + place_of(event) + " as \"" + std::string{reader} + "\" and found the type \"" + event.type +
                "\", which its event list does not name; add it to the list, or ignore it there (el::ignored)"};
}

Error at_event(Error error, const RecordedEvent& event)
{
    error.sentence = place_of(event) + ": " + error.sentence;
    return error;
}

} // namespace eventloom
