// Which events a subscription hears, found out before any of them is decoded.
//
//     const HeardScope heard{options, events};
//     bus.subscribe({.scope = heard.scope(), .types = heard.types()}, ...);   // an index answers, where there is one
//     if (const auto* handler = heard.find(event)) handler->handle(...);
//
// Threads: constant.
#pragma once

#include <eventloom/messaging/detail/subscription_handlers.hpp>
#include <eventloom/messaging/detail/subscription_options.hpp>

namespace eventloom::subscriptions {

class HeardScope {
public:
    HeardScope(const SubscriberOptions& options, std::vector<detail::AnyHeardEvents> heard);

    // Empty: they are events of the log.
    const std::string& topic() const { return topic_; }
    // The narrowest scope that has all of them.
    const Scope& scope() const { return scope_; }
    // Their stored names; empty: all.
    const std::vector<std::string>& types() const { return types_; }
    // nullptr: it is not heard.
    const detail::AnyHeardEvents* find(const RecordedEvent& event) const;

private:
    const Scope asked_;
    const std::string topic_;
    const std::string streams_;
    const std::vector<detail::AnyHeardEvents> heard_;
    std::vector<std::string> types_;
    Scope scope_;
};

// Whether a text is as the pattern says; * stands for any text, also for none.
bool matches_pattern(std::string_view pattern, std::string_view text);

} // namespace eventloom::subscriptions
