// How a subscription's position gets into the log, alone or with what was handled.
#include "attempts.hpp"
#include "subscriber.hpp"

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/messaging/topics.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom::subscriptions {

namespace {

constexpr std::size_t longest_reason = 4'096;

outcome::failure_type<Error> no_topics(std::string_view topic)
{
    return fail(
        Failure::invalid, "no-such-topic",
        fmt::format("answered a message of the topic {} and found that the program has no topics; add it to the "
                    "service's topics()",
                    topic));
}

} // namespace

// Other attempts at the same event have the same key; other subscriptions have another one.
Uuid Subscriber::key_of(const RecordedEvent& event) const
{
    const auto& bytes = event.id.bytes;
    return derived_uuid({"subscription", name(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()}});
}

FollowerFact gave_up_fact(const RecordedEvent& event, unsigned attempts, const Error& error, Time first, Time now)
{
    return GaveUp{event.position,
                  event.stream,
                  event.type,
                  attempts,
                  static_cast<std::uint32_t>(error.kind),
                  attempts::shortened(error.code, 128),
                  attempts::shortened(error.sentence, longest_reason),
                  first,
                  now};
}

StreamAppend Subscriber::append_of(const std::vector<FollowerFact>& facts) const
{
    StreamAppend append{stream_of_facts(name()), ExpectedVersion::any(), {}};
    for (const FollowerFact& fact : facts) {
        append.events.push_back(encoded<FollowerFacts>(fact));
        append.events.back().id = runtime_.ids.next();
    }
    return append;
}

// Ids that follow from the key: what is appended again would be recognised, whatever became of the position.
result<Subscriber::Prepared> Subscriber::prepared(const RecordedEvent& event, Effects effects) const
{
    auto appends     = std::move(effects.streams);
    const auto key   = to_string(key_of(event));
    std::size_t made = 0;
    const auto id    = [&](std::string_view what) { return derived_uuid({what, key, std::to_string(made++)}); };
    const auto since = event.metadata.correlation.is_nil() ? event.id : event.metadata.correlation;
    for (auto& append : appends) {
        for (NewEvent& one : append.events) {
            one.id                   = id("subscription-effect");
            one.metadata.correlation = since;
            one.metadata.causation   = event.id;
        }
    }
    for (auto& job : effects.jobs) {
        if (job.options.unique) {
            return fail(
                Failure::invalid, "unique-job-in-handler",
                "answered a further job that is to be unique; enqueue it in the handler, with Queues::enqueue, and "
                "an id that follows from the key");
        }
        if (job.options.id.is_nil()) job.options.id = id("subscription-job");
        if (job.options.correlation.is_nil()) job.options.correlation = since;
        job.options.causation = event.id;
        BOOST_OUTCOME_TRY(auto prepared, queues_.prepare(std::move(job)));
        appends.push_back(std::move(prepared.append));
    }
    std::vector<Outgoing> messages;
    for (auto& message : effects.messages) {
        if (topics_ == nullptr) return no_topics(message.topic);
        BOOST_OUTCOME_TRY(topics_->check(message)); // not found out when the rest is in the log
        messages.push_back({std::move(message.topic), id("subscription-message"), std::move(message.event.type),
                            message.event.schema_version, std::move(message.event.data), since, event.id});
    }
    return Prepared{std::move(appends), std::move(messages)};
}

// Those of the last position, before the next one takes its place. Published again they are recognised by their ids.
result<void> Subscriber::publish_outgoing()
{
    std::vector<Outgoing> outgoing;
    {
        const std::lock_guard lock{mutex_};
        outgoing = standing_.outgoing;
    }
    if (outgoing.empty()) return done();
    for (Outgoing& message : outgoing) {
        detail::NewMessage published{message.topic, {}};
        published.event.type           = std::move(message.type);
        published.event.schema_version = message.schema_version;
        published.event.data           = std::move(message.data);
        const auto answer =
            topics_->publish(std::move(published), {message.id, message.correlation, message.causation});
        if (answer) continue;
        stop_for(answer.error(), IsFault::yes);
        return answer.error();
    }
    const std::lock_guard lock{mutex_};
    standing_.outgoing.clear();
    return done();
}

result<void> Subscriber::keep(const Reached& fact, Prepared beside)
{
    BOOST_OUTCOME_TRY(publish_outgoing());
    const auto stream = stream_of_position(name());
    AppendRequest request;
    request.streams        = std::move(beside.appends);
    std::uint64_t recorded = 0;
    {
        const std::lock_guard lock{mutex_};
        recorded = standing_.recorded;
    }
    NewEvent event = beside.messages.empty() ? encoded<FollowedFacts>(fact)
                                             : encoded<FollowedFacts>(Publishing{fact.position, beside.messages});
    event.id       = runtime_.ids.next();
    request.streams.push_back({stream, ExpectedVersion::after(recorded), {std::move(event)}});
    const auto appended = store_.append(request);
    if (appended) {
        {
            const std::lock_guard lock{mutex_};
            ++standing_.recorded;
            last_kept_         = fact;
            unkept_            = 0;
            standing_.outgoing = std::move(beside.messages);
        }
        static_cast<void>(
            publish_outgoing()); // what it answers is kept; it stops here if its messages are not published
        return done();
    }
    Error error         = appended.error();
    const bool is_alone = request.streams.size() == 1 && beside.messages.empty();
    if (attempts::is_of_the_log(error)) {
        stop_for(error, IsFault::yes);
        return error;
    }
    const auto length = store_.stream_length(stream);
    if (length && length.value() != recorded) {
        error = {
            Failure::conflict, "subscription-taken-over",
            fmt::format("kept the position of the subscription {} and found that another process has gone on with it; "
                        "one process at a time may run it: stop this one, or the other",
                        name())};
        stop_for(error, IsFault::no);
    } else if (is_alone) {
        stop_for(error, IsFault::yes);
    } else if (error.kind == Failure::conflict) {
        error.kind = Failure::unavailable; // another stream was not as expected: it is decided again
    }
    return error;
}

// Not after each event: with at_least_once many of them share one append.
void Subscriber::keep_now()
{
    Position position = 0;
    {
        const std::lock_guard lock{mutex_};
        keeps_soon_ = false;
        if (is_fault_ || (unkept_ == 0 && last_kept_.settled)) return;
        if (is_working_ && promise_ == Promise::at_most_once) return; // its turn keeps more than that
        position = position_;
    }
    static_cast<void>(keep(Reached{position, position, true}));
}

// The log says what was lost before anything after it is handled.
void Subscriber::note_lost()
{
    std::vector<FollowerFact> facts;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& [first, last] : lost_) facts.emplace_back(Lost{first, last, runtime_.clock.now()});
    }
    if (facts.empty()) return;
    AppendRequest request;
    request.streams.push_back(append_of(facts));
    if (const auto appended = store_.append(request); not appended) return stop_for(appended.error(), IsFault::yes);
    const std::lock_guard lock{mutex_};
    for (const auto& fact : facts) standing_.apply(fact);
    lost_.erase(lost_.begin(), lost_.begin() + static_cast<std::ptrdiff_t>(facts.size()));
}

void Subscriber::stop_for(const Error& error, IsFault is_fault)
{
    {
        const std::lock_guard lock{mutex_};
        is_stopped_ = true;
        is_fault_   = is_fault == IsFault::yes;
        error_      = error;
        next_attempt_.reset();
    }
    write_to(runtime_.log, LogLevel::error, "subscription-stopped",
             {{"subscription", name()}, {"position", status().position}}, error);
}

} // namespace eventloom::subscriptions
