#include <eventloom/framework/stream_limits.hpp>

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

constexpr std::string_view settings_prefix = "$stream-";

// How often it is read again when another caller has changed the settings at the same time.
constexpr unsigned attempts = 5;

Error no_such_stream(std::string_view asked, const std::string& stream)
{
    return {Failure::invalid, "no-such-stream",
            "asked to " + std::string{asked} + " the stream " + in_quotes(stream) +
                " and found no event in it; check the name"};
}

result<void> check_can_have_settings(const std::string& stream)
{
    if (not stream.empty() && not is_settings_stream(stream)) return done();
    return fail(Failure::invalid, "invalid-stream-name",
                "asked for limits of the stream " + in_quotes(stream) +
                    ", which can have no limits; give the name of another stream");
}

struct Settings {
    StreamStatus status;
    std::uint64_t events = 0; // that said so
};

result<Settings> read_settings(const EventStore& store, const std::string& stream)
{
    Settings settings;
    const auto cursor =
        store.read({.scope = Scope::stream(settings_stream_of(stream)), .direction = Direction::backwards, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
    if (event == nullptr) return settings;
    BOOST_OUTCOME_TRY(settings.status, stream_status_of(event->type, event->schema_version, event->data));
    settings.events = event->version + 1;
    return settings;
}

template <class Fact>
NewEvent encoded_event(IdSource& ids, const Fact& fact)
{
    const auto& type = event_type<StreamSettings, Fact>();
    NewEvent event;
    event.id             = ids.next();
    event.type           = type.name;
    event.schema_version = type.schema_version;
    type.encode(&fact, event.data);
    return event;
}

// Asks for what `fact_for` makes of what stands; nothing when that is asked for already.
template <class FactFor>
result<void> ask(EventStore& store, IdSource& ids, const std::string& stream, FactFor fact_for)
{
    BOOST_OUTCOME_TRY(check_can_have_settings(stream));
    for (unsigned attempt = 1;; ++attempt) {
        BOOST_OUTCOME_TRY(const auto settings, read_settings(store, stream));
        BOOST_OUTCOME_TRY(const auto fact, fact_for(settings.status));
        if (not fact) return done();
        StreamAppend append{settings_stream_of(stream), ExpectedVersion::after(settings.events), {}};
        append.events.push_back(encoded_event(ids, *fact));
        AppendRequest request;
        request.streams.push_back(std::move(append));
        const auto appended = store.append(request);
        if (appended) return done();
        if (appended.error().code != "wrong-expected-version" || attempt == attempts) return appended.error();
    }
}

} // namespace

Version StreamStatus::first_kept(std::uint64_t length) const
{
    if (tombstoned) return std::numeric_limits<Version>::max();
    Version first = limits.truncate_before.value_or(0);
    if (limits.max_count && length > *limits.max_count) first = std::max(first, length - *limits.max_count);
    return first;
}

bool StreamStatus::is_deleted(std::uint64_t length) const
{
    return limits.truncate_before.value_or(0) >= length;
}

std::string settings_stream_of(std::string_view stream)
{
    return std::string{settings_prefix}.append(stream);
}

bool is_settings_stream(std::string_view stream)
{
    return category_of(stream) == StreamSettings::category;
}

result<StreamStatus> stream_status_of(std::string_view type, std::uint32_t schema_version, std::string_view data)
{
    RecordedEvent event;
    event.type           = type;
    event.schema_version = schema_version;
    event.data           = data;
    BOOST_OUTCOME_TRY(const auto settings, evolved(StreamSettings{}, event));
    return settings.status;
}

result<StreamStatus> stream_status(const EventStore& store, const std::string& stream)
{
    BOOST_OUTCOME_TRY(const auto settings, read_settings(store, stream));
    return settings.status;
}

result<void> check_stream_limits(const EventStore& store, const std::string& stream, const StreamLimits& limits)
{
    BOOST_OUTCOME_TRY(check_can_have_settings(stream));
    if (limits.max_count == 0U || (limits.max_age && *limits.max_age <= Duration::zero())) {
        return fail(Failure::invalid, "invalid-limits",
                    "asked to keep no event of the stream " + in_quotes(stream) + "; delete it instead");
    }
    BOOST_OUTCOME_TRY(const auto now, stream_status(store, stream));
    if (now.tombstoned) return stream_tombstoned(stream);
    if (not limits.truncate_before) return done();
    // Otherwise no reader would see the next events.
    BOOST_OUTCOME_TRY(const auto length, store.stream_length(stream));
    if (*limits.truncate_before <= length) return done();
    return fail(Failure::invalid, "limits-ahead-of-stream",
                fmt::format("asked to keep the stream {} from version {} on and found that its next event gets version "
                            "{}; give at most that",
                            in_quotes(stream), *limits.truncate_before, length));
}

result<void> set_stream_limits(EventStore& store, IdSource& ids, const std::string& stream, const StreamLimits& limits)
{
    BOOST_OUTCOME_TRY(check_stream_limits(store, stream, limits));
    return ask(store, ids, stream, [&](const StreamStatus& now) -> result<std::optional<StreamLimitsSet>> {
        if (now.tombstoned) return stream_tombstoned(stream);
        if (now.limits == limits) return std::optional<StreamLimitsSet>{};
        return std::optional{StreamLimitsSet{limits.max_age, limits.max_count, limits.truncate_before}};
    });
}

result<void> delete_stream(EventStore& store, IdSource& ids, const std::string& stream)
{
    return ask(store, ids, stream, [&](const StreamStatus& now) -> result<std::optional<StreamDeleted>> {
        if (now.tombstoned) return stream_tombstoned(stream);
        BOOST_OUTCOME_TRY(const auto length, store.stream_length(stream));
        if (length == 0) return no_such_stream("delete", stream);
        if (now.is_deleted(length)) return std::optional<StreamDeleted>{};
        return std::optional{StreamDeleted{length, now.limits.max_age, now.limits.max_count}};
    });
}

result<void> tombstone_stream(EventStore& store, IdSource& ids, const std::string& stream)
{
    return ask(store, ids, stream, [&](const StreamStatus& now) -> result<std::optional<StreamTombstoned>> {
        if (now.tombstoned) return std::optional<StreamTombstoned>{};
        BOOST_OUTCOME_TRY(const auto length, store.stream_length(stream));
        if (length == 0) return no_such_stream("end", stream);
        return std::optional{StreamTombstoned{}};
    });
}

Error stream_tombstoned(std::string_view stream)
{
    return {Failure::refused, "stream-tombstoned",
            "append to the stream " + in_quotes(stream) +
                " and found that it was ended for good; nothing can be appended to it again: use another stream"};
}

template const EventTypes& event_types<StreamSettings>();

} // namespace eventloom
