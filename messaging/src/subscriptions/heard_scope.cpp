#include "heard_scope.hpp"

#include "facts.hpp"

#include <algorithm>

namespace eventloom::subscriptions {

namespace {

constexpr std::size_t types_of_a_query_max = 64;

std::vector<std::string> types_of(const std::vector<detail::AnyHeardEvents>& heard)
{
    std::vector<std::string> types;
    for (const auto& one : heard) {
        if (one.types.empty()) return {};
        types.insert(types.end(), one.types.begin(), one.types.end());
    }
    std::sort(types.begin(), types.end());
    types.erase(std::unique(types.begin(), types.end()), types.end());
    return types;
}

std::string topic_of(const SubscriberOptions& options, const std::vector<detail::AnyHeardEvents>& heard)
{
    if (not options.topic.empty() || heard.empty()) return options.topic;
    return heard.front().topic;
}

// Of the types that an item names, those that are heard.
std::vector<std::string> both(const std::vector<std::string>& named, const std::vector<std::string>& heard)
{
    if (named.empty()) return heard;
    std::vector<std::string> types;
    for (const auto& type : named) {
        if (std::binary_search(heard.begin(), heard.end(), type)) types.push_back(type);
    }
    return types;
}

Scope narrowed(const Scope& asked, const std::vector<std::string>& types)
{
    if (asked.kind() == Scope::Kind::stream || types.empty() || types.size() > types_of_a_query_max) return asked;
    EventQuery query;
    if (asked.kind() != Scope::Kind::query || asked.query().items.empty()) {
        query.items.push_back({.types = types});
        return Scope::matching(query);
    }
    for (const QueryItem& item : asked.query().items) {
        auto fitting = both(item.types, types);
        if (not fitting.empty()) query.items.push_back({std::move(fitting), item.tags});
    }
    return query.items.empty() ? asked : Scope::matching(query); // none is heard: find() says so
}

} // namespace

HeardScope::HeardScope(const SubscriberOptions& options, std::vector<detail::AnyHeardEvents> heard)
    : asked_{options.scope}, topic_{topic_of(options, heard)}, streams_{options.streams}, heard_{std::move(heard)},
      types_{types_of(heard_)}, scope_{narrowed(asked_, types_)}
{
}

const detail::AnyHeardEvents* HeardScope::find(const RecordedEvent& event) const
{
    if (topic_.empty() && is_of_a_subscription(event.stream)) return nullptr;
    if (not asked_.contains(event)) return nullptr;
    if (not streams_.empty() && not matches_pattern(streams_, event.stream)) return nullptr;
    for (const auto& one : heard_) {
        const bool is_of_category = one.category.empty() || one.category == category_of(event.stream);
        const bool is_of_type =
            one.types.empty() || std::find(one.types.begin(), one.types.end(), event.type) != one.types.end();
        if (is_of_category && is_of_type) return &one;
    }
    return nullptr;
}

// The last * that was passed takes one character more whenever the rest does not fit.
bool matches_pattern(std::string_view pattern, std::string_view text)
{
    std::size_t at     = 0; // in the pattern
    std::size_t star   = std::string_view::npos;
    std::size_t resume = 0; // in the text
    for (std::size_t i = 0; i < text.size();) {
        if (at < pattern.size() && pattern[at] == '*') {
            star   = at++;
            resume = i;
        } else if (at < pattern.size() && pattern[at] == text[i]) {
            ++at;
            ++i;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            i  = ++resume;
        } else {
            return false;
        }
    }
    while (at < pattern.size() && pattern[at] == '*') ++at;
    return at == pattern.size();
}

} // namespace eventloom::subscriptions
