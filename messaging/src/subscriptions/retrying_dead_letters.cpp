// Dead letters that somebody wants to be handled again. One attempt is made for each time that it is asked.
#include "subscriber.hpp"

#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>

#include <fmt/core.h>

namespace eventloom::subscriptions {

namespace {

// With what the handler is given instead of what the log has.
result<RecordedEvent> event_of(const EventStore& store, const SubscriptionLetter& letter)
{
    const auto cursor = store.read({.from = letter.position, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* found, cursor->next());
    if (found == nullptr || found->position != letter.position) {
        return fail(
            Failure::refused, "event-is-gone",
            fmt::format("looked for the event at position {}, which is a dead letter, and found that it has gone, "
                        "by a scavenge or by the limits of its topic; discard the dead letter",
                        letter.position));
    }
    RecordedEvent event = *found;
    if (letter.data) event.data = *letter.data;
    if (letter.schema_version) event.schema_version = *letter.schema_version;
    return event;
}

} // namespace

bool Subscriber::keep_letter(const std::vector<FollowerFact>& facts)
{
    Position position = 0;
    {
        const std::lock_guard lock{mutex_};
        position = position_;
    }
    if (not keep(Reached{position, position, true}, {{append_of(facts)}, {}})) return false;
    const std::lock_guard lock{mutex_};
    for (const auto& fact : facts) standing_.apply(fact);
    return true;
}

void Subscriber::letter_failed(const SubscriptionLetter& letter, const RecordedEvent& event, const Error& error)
{
    write_to(runtime_.log, LogLevel::warning, "subscription-gave-up",
             {{"subscription", name()}, {"position", letter.position}, {"stream", letter.stream}}, error);
    if (keep_letter({gave_up_fact(event, 1, error, letter.first, runtime_.clock.now())})) return;
    // What cannot be recorded is not tried again and again.
    const std::lock_guard lock{mutex_};
    if (const auto found = standing_.letters.find(letter.position); found != standing_.letters.end()) {
        found->second.is_retried = false;
    }
}

void Subscriber::handle_letter(Position position)
{
    SubscriptionLetter letter;
    {
        const std::lock_guard lock{mutex_};
        const auto found = standing_.letters.find(position);
        if (found == standing_.letters.end()) return; // somebody has discarded it
        letter = found->second;
    }
    RecordedEvent gone;
    gone.position    = letter.position;
    gone.stream      = letter.stream;
    gone.type        = letter.type;
    const auto event = event_of(heard(), letter);
    if (not event) return letter_failed(letter, gone, event.error());
    const Item item{event.value(), scope_.find(event.value())};
    if (item.handler == nullptr) {
        return letter_failed(letter, gone,
                             {Failure::refused, "event-not-heard",
                              fmt::format("tried the dead letter at position {} again and found that no handler of the "
                                          "subscription hears it any more; discard it",
                                          position)});
    }
    if (promise_ == Promise::at_most_once) return handle_letter_once_at_most(letter, item);
    auto answer = call(item, letter.attempts + 1);
    auto effects =
        answer ? prepared(item.event, std::move(answer.value())) : result<Prepared>{std::move(answer.error())};
    if (not effects) return letter_failed(letter, item.event, effects.error());
    const Handled handled{position, runtime_.clock.now()};
    auto beside = std::move(effects.value());
    if (beside.appends.empty() && beside.messages.empty()) {
        static_cast<void>(keep_letter({handled}));
        return;
    }
    Position reached = 0;
    {
        const std::lock_guard lock{mutex_};
        reached = position_;
    }
    beside.appends.push_back(append_of(FollowerFact{handled}));
    const auto kept = keep(Reached{reached, reached, true}, std::move(beside));
    if (not kept && not has_stopped()) return letter_failed(letter, item.event, kept.error());
    const std::lock_guard lock{mutex_};
    if (kept) standing_.apply(handled);
}

// It is no dead letter from before the handler is called; if that fails it is one again, with what was edited.
void Subscriber::handle_letter_once_at_most(const SubscriptionLetter& letter, const Item& item)
{
    const Time now = runtime_.clock.now();
    if (not keep_letter({Handled{letter.position, now}})) return;
    const auto answer = call(item, letter.attempts + 1);
    if (answer) return;
    std::vector<FollowerFact> facts{
        gave_up_fact(item.event, letter.attempts + 1, answer.error(), letter.first, runtime_.clock.now())};
    if (letter.data)
        facts.emplace_back(Edited{letter.position, letter.schema_version.value_or(1), *letter.data, {}, now});
    static_cast<void>(keep_letter(facts));
}

} // namespace eventloom::subscriptions
