#include <eventloom/framework/event_store.hpp>

#include <algorithm>

namespace eventloom {

namespace {

std::string joined(const std::vector<std::string>& words, std::string_view between)
{
    std::string text;
    for (const auto& word : words) {
        if (not text.empty()) text += between;
        text += word;
    }
    return text;
}

std::string describe_item(const QueryItem& item)
{
    const auto types = item.types.empty() ? std::string{"any event"} : joined(item.types, " or ");
    return item.tags.empty() ? types : types + " with " + joined(item.tags, " and ");
}

} // namespace

bool QueryItem::matches(std::string_view type, std::span<const std::string> event_tags) const
{
    if (not types.empty() && std::find(types.begin(), types.end(), type) == types.end()) return false;
    return std::all_of(tags.begin(), tags.end(), [&](const std::string& tag) {
        return std::find(event_tags.begin(), event_tags.end(), tag) != event_tags.end();
    });
}

bool EventQuery::matches(std::string_view type, std::span<const std::string> event_tags) const
{
    if (items.empty()) return true;
    return std::any_of(items.begin(), items.end(), [&](const auto& item) { return item.matches(type, event_tags); });
}

std::string EventQuery::describe() const
{
    if (items.empty()) return "any event";
    std::string text;
    for (const QueryItem& item : items) {
        if (not text.empty()) text += "; or ";
        text += describe_item(item);
    }
    return text;
}

} // namespace eventloom
