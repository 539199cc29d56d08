// What people ask of a subscription, and what they are told.
#include "subscriber.hpp"

#include <eventloom/framework/pauses.hpp>
#include <fmt/core.h>

#include <algorithm>

namespace eventloom::subscriptions {

namespace {

bool is_personal(std::string_view type)
{
    for (const EventList& list : event_lists()) {
        const auto* found = detail::find_event_type(list.types(), type);
        if (found != nullptr && found->is_personal) return true;
    }
    return false;
}

} // namespace

SubscriptionStatus Subscriber::status() const
{
    const Time now      = runtime_.clock.now();
    const Position head = heard().head();
    SubscriptionStatus status;
    status.topic             = scope_.topic();
    status.name              = name();
    status.promise           = promise_;
    status.events_per_second = pace_.per_second(now);
    {
        const std::lock_guard lock{mutex_};
        status.has_begun    = standing_.begun;
        status.position     = position_;
        status.dead_letters = standing_.letters.size();
        status.lost         = standing_.lost;
        for (const auto& [first, last] : lost_) status.lost += last - first + 1;
        status.attempts     = attempts_;
        status.at           = at_;
        status.next_attempt = next_attempt_;
        status.error        = error_;
        status.in_doubt     = in_doubt_;
        if (is_paused(now)) {
            status.paused_until = standing_.pause->until;
            status.because      = standing_.pause->because;
        }
        if (following_ && not status.error) status.error = following_->error();
        const bool cannot_go_on = is_stopped_ || (following_ && following_->error());
        status.state            = not is_running_     ? SubscriptionState::idle
                                  : cannot_go_on      ? SubscriptionState::stopped
                                  : next_attempt_     ? SubscriptionState::waiting
                                  : position_ >= head ? SubscriptionState::running
                                                      : SubscriptionState::catching_up;
        if (status.paused_until) status.state = SubscriptionState::paused;
    }
    status.lag = head - std::min(head, status.position);
    if (auto age = age_of_next(heard(), status.position, now); age) status.behind = age.value();
    return status;
}

std::optional<Error> Subscriber::fault() const
{
    const std::lock_guard lock{mutex_};
    if (is_fault_) return error_;
    return following_ ? following_->error() : std::nullopt;
}

std::vector<SubscriptionLetter> Subscriber::letters() const
{
    const std::lock_guard lock{mutex_};
    std::vector<SubscriptionLetter> letters;
    letters.reserve(standing_.letters.size());
    for (const auto& [position, letter] : standing_.letters) letters.push_back(letter);
    return letters;
}

// With asking_.
result<void> Subscriber::record(const FollowerFact& fact, const std::function<void()>& then)
{
    AppendRequest request;
    request.streams.push_back(append_of(fact));
    BOOST_OUTCOME_TRY(store_.append(request));
    const std::lock_guard lock{mutex_};
    standing_.apply(fact);
    if (then) then();
    wake_worker();
    return done();
}

result<void> Subscriber::pause(const std::string& because, Time until)
{
    const std::lock_guard one_at_a_time{asking_};
    const Time now = runtime_.clock.now();
    BOOST_OUTCOME_TRY(pauses::check_is_to_come("the subscription " + name(), until, now));
    return record(Paused{because, until, now}, [&] {
        if (until != Time::max()) wake_worker_at(until);
    });
}

result<void> Subscriber::resume(const std::string& because)
{
    const std::lock_guard one_at_a_time{asking_};
    const Time now = runtime_.clock.now();
    {
        const std::lock_guard lock{mutex_};
        if (not is_paused(now) && not is_stopped_ && not next_attempt_) {
            return refuse("subscription-runs",
                          fmt::format("asked to resume the subscription {} and found that it is not "
                                      "paused, and neither waits nor has stopped at an event",
                                      name()));
        }
    }
    return record(Resumed{because, now}, [&] {
        is_stopped_ = false;
        is_fault_   = false;
        forget_failure();
    });
}

// The next event that a handler would be given, where no worker knows it.
result<std::optional<Position>> Subscriber::next_heard() const
{
    Position position = 0;
    {
        const std::lock_guard lock{mutex_};
        if (is_running_) return at_;
        position = position_;
    }
    std::optional<std::uint64_t> from; // in a stream places are versions: it is read from its beginning
    if (scope_.scope().kind() != Scope::Kind::stream) from = position + 1;
    const auto cursor = heard().read({.scope = scope_.scope(), .from = from});
    for (;;) {
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (event == nullptr) return std::optional<Position>{};
        if (event->position > position && scope_.find(*event) != nullptr) return std::optional{event->position};
    }
}

result<void> Subscriber::skip(Position event, const std::string& because)
{
    const std::lock_guard one_at_a_time{asking_};
    BOOST_OUTCOME_TRY(const auto next, next_heard());
    if (next != event) {
        return refuse(
            "subscription-not-at-event",
            fmt::format("asked the subscription {} to skip the event at position {} and found that {}; only the "
                        "event that fails is skipped",
                        name(), event, next ? fmt::format("it is at {}", *next) : "it does not fail at an event"));
    }
    return record(Skipped{event, because, runtime_.clock.now()}, [&] {
        is_stopped_ = false;
        forget_failure();
    });
}

result<SubscriptionLetter> Subscriber::find_letter(Position event) const
{
    const std::lock_guard lock{mutex_};
    const auto found = standing_.letters.find(event);
    if (found != standing_.letters.end()) return found->second;
    return fail(
        Failure::invalid, "no-such-dead-letter",
        fmt::format("asked for the dead letter of the subscription {} at position {} and found none; `dead-letters "
                    "list` shows all",
                    name(), event));
}

result<void> Subscriber::retry(Position event, const std::string& because)
{
    const std::lock_guard one_at_a_time{asking_};
    BOOST_OUTCOME_TRY(find_letter(event));
    return record(Retried{event, because, runtime_.clock.now()});
}

result<void> Subscriber::discard(Position event, const std::string& because)
{
    const std::lock_guard one_at_a_time{asking_};
    BOOST_OUTCOME_TRY(find_letter(event));
    return record(Discarded{event, because, runtime_.clock.now()});
}

result<void> Subscriber::edit(Position event, std::uint32_t schema_version, std::string data,
                              const std::string& because)
{
    const std::lock_guard one_at_a_time{asking_};
    BOOST_OUTCOME_TRY(const auto letter, find_letter(event));
    if (is_personal(letter.type)) {
        return refuse(
            "personal-event",
            fmt::format("asked to edit the dead letter at position {} and found an event with personal data; what is "
                        "edited would be kept in plain text, so such an event is not edited",
                        event));
    }
    return record(Edited{event, schema_version, std::move(data), because, runtime_.clock.now()});
}

} // namespace eventloom::subscriptions
