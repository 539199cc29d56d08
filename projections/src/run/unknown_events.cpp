// Events of its aggregates' categories that a projection knows nothing of.
#include "run/projections_core.hpp"

#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

// By category, one of the events of a type. One type is of one category, unless aggregates have changed places: both ends
// of its list tell.
result<std::map<std::string, Position>> categories_of(const EventStore& store, const std::string& type)
{
    std::map<std::string, Position> firsts;
    for (const auto direction : {Direction::forwards, Direction::backwards}) {
        const auto cursor = store.read({.scope = Scope::type(type), .direction = direction, .limit = 1});
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event != nullptr) firsts.emplace(std::string{category_of(event->stream)}, event->position);
    }
    return firsts;
}

bool is_known_to_all(const std::vector<KnownEvents>& known, const std::string& type)
{
    return std::all_of(known.begin(), known.end(), [&](const KnownEvents& events) {
        return std::binary_search(events.types.begin(), events.types.end(), type);
    });
}

} // namespace

std::string to_sentence(const std::vector<UnknownEvents>& unknown)
{
    std::string named;
    for (const auto& [type, category, first] : unknown) {
        named += fmt::format("{}\"{}\" ({}, first seen at position {})", named.empty() ? "" : ", ", printable(type),
                             category, first);
    }
    return "the log has events that no event list of its aggregates names, and their content is not in the rows: " +
           named + "; name them in the list, or let the aggregate ignore them (el::ignored)";
}

result<std::optional<Position>> Projections::next_event(std::string_view name, Position after) const
{
    BOOST_OUTCOME_TRY(const auto definition, core_->definition_of(name));
    const auto& categories = definition->categories();
    std::optional<Position> first;
    for (const std::string& type : definition->types()) {
        const auto cursor = core_->store.read({.scope = Scope::type(type), .from = after + 1});
        for (;;) {
            BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
            if (event == nullptr || (first && event->position >= *first)) break;
            // Another aggregate may have events of this name.
            if (std::find(categories.begin(), categories.end(), category_of(event->stream)) == categories.end())
                continue;
            first = event->position;
            break;
        }
    }
    return first;
}

result<std::vector<UnknownEvents>> Projections::unknown_events(std::string_view name) const
{
    BOOST_OUTCOME_TRY(const auto definition, core_->definition_of(name));
    const auto& known = definition->known();
    BOOST_OUTCOME_TRY(const auto types, core_->store.stored_types());
    std::vector<UnknownEvents> unknown;
    for (const std::string& type : types) {
        if (is_known_to_all(known, type)) continue;
        BOOST_OUTCOME_TRY(const auto firsts, categories_of(core_->store, type));
        for (const auto& [category, events] : known) {
            const auto first = firsts.find(category);
            if (first == firsts.end() || std::binary_search(events.begin(), events.end(), type)) continue;
            unknown.push_back({type, category, first->second});
        }
    }
    return unknown;
}

} // namespace eventloom
