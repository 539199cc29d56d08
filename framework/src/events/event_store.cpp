#include <eventloom/framework/event_store.hpp>

#include "events/stream_without_id.hpp"

#include <eventloom/framework/detail/personal_parts.hpp>

#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/framework/utf8.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

Error invalid(std::string code, std::string sentence)
{
    return {Failure::invalid, std::move(code), std::move(sentence)};
}

result<void> check_name(std::string_view what, std::string_view name, std::size_t bytes_max, std::string_view code)
{
    if (name.empty())
        return invalid(std::string{code}, "append with an empty " + std::string{what} + "; give it a name");
    if (name.size() > bytes_max) {
        return invalid(std::string{code}, fmt::format("append with a {} of {} bytes and found a limit of {}: {}", what,
                                                      name.size(), bytes_max, in_quotes(name)));
    }
    if (not is_clean_name(name)) {
        return invalid(std::string{code}, "append with the " + std::string{what} + " " + in_quotes(name) +
                                              ", which is not UTF-8 or has control characters; use plain text");
    }
    return done();
}

std::size_t size_of(const Metadata& metadata)
{
    std::size_t bytes = 0;
    for (const auto& tag : metadata.tags) bytes += tag.size();
    for (const auto& [name, value] : metadata.headers) bytes += name.size() + value.size();
    return bytes;
}

std::size_t size_of(const NewEvent& event)
{
    return event.data.size() + size_of(event.metadata);
}

result<void> check_metadata(const NewEvent& event, const StoreLimits& limits)
{
    if (size_of(event.metadata) > limits.metadata_bytes) {
        return invalid(
            "metadata-too-large",
            fmt::format(
                "append the event {} with tags and headers of {} bytes and found a limit of {}; put them into its data",
                in_quotes(event.type), size_of(event.metadata), limits.metadata_bytes));
    }
    if (event.metadata.tags.size() > limits.tags) {
        return invalid(
            "invalid-tag",
            fmt::format("append the event {} with {} tags and found a limit of {}; leave out tags that no query names",
                        in_quotes(event.type), event.metadata.tags.size(), limits.tags));
    }
    if (event.metadata.headers.size() > limits.headers) {
        return invalid(
            "metadata-too-large",
            fmt::format("append the event {} with {} headers and found a limit of {}; put them into its data",
                        in_quotes(event.type), event.metadata.headers.size(), limits.headers));
    }
    for (const auto& tag : event.metadata.tags) {
        BOOST_OUTCOME_TRY(check_name("tag", tag, limits.tag_bytes, "invalid-tag"));
    }
    return done();
}

result<void> check_query_count(std::string_view what, std::size_t count, const StoreLimits& limits)
{
    if (count <= limits.query_items) return done();
    return invalid("query-too-large",
                   fmt::format("append under a condition with {} {} and found a limit of {}; ask for less", count, what,
                               limits.query_items));
}

// A name that no event can have would make a condition that never fails.
result<void> check_condition(const AppendCondition& condition, const StoreLimits& limits)
{
    const auto& items = condition.fails_if_matched.items;
    BOOST_OUTCOME_TRY(check_query_count("items", items.size(), limits));
    for (const QueryItem& item : items) {
        BOOST_OUTCOME_TRY(check_query_count("types in one item", item.types.size(), limits));
        BOOST_OUTCOME_TRY(check_query_count("tags in one item", item.tags.size(), limits));
        for (const auto& type : item.types) {
            BOOST_OUTCOME_TRY(check_name("event type", type, limits.type_name_bytes, "invalid-event-type"));
        }
        for (const auto& tag : item.tags) {
            BOOST_OUTCOME_TRY(check_name("tag", tag, limits.tag_bytes, "invalid-tag"));
        }
    }
    return done();
}

// What is in a log cannot be taken back, so a store without keys must not get a person's data.
result<void> check_nothing_lies_open(const NewEvent& event)
{
    const auto* const text = find_personal_note(event.metadata);
    if (text == nullptr) return done();
    const auto note = PersonalNote::parse(*text);
    if (note && note->form != PersonalForm::open) return done();
    return invalid("personal-data-open",
                   "append the event " + in_quotes(event.type) +
                       " with personal data that is not sealed; append it through a store that has "
                       "the keys (seal_personal_data, or a Service's plaintext_store())");
}

result<void> check_event(const NewEvent& event, const StoreLimits& limits)
{
    BOOST_OUTCOME_TRY(check_name("event type", event.type, limits.type_name_bytes, "invalid-event-type"));
    if (event.id.is_nil()) {
        return invalid("invalid-append", "append the event " + in_quotes(event.type) + " without an id; give it one");
    }
    if (event.schema_version == 0) {
        return invalid("invalid-append", "append the event " + in_quotes(event.type) +
                                             " with schema version 0; schema versions count from 1");
    }
    if (size_of(event) > limits.event_bytes) {
        return invalid("event-too-large",
                       fmt::format("append the event {} of {} bytes and found a limit of {}; split it",
                                   in_quotes(event.type), size_of(event), limits.event_bytes));
    }
    BOOST_OUTCOME_TRY(check_metadata(event, limits));
    return check_nothing_lies_open(event);
}

// The first value that is there twice.
template <class Values>
std::optional<typename Values::value_type> duplicate_in(Values values)
{
    std::sort(values.begin(), values.end());
    const auto found = std::adjacent_find(values.begin(), values.end());
    if (found == values.end()) return std::nullopt;
    return *found;
}

// Readers, subscriptions and projections by category do not find a stream without one; a stream without an id has no owner.
result<void> check_stream(const std::string& stream, const StoreLimits& limits)
{
    const auto prefix_bytes = is_settings_stream(stream) ? settings_stream_of("").size() : 0;
    BOOST_OUTCOME_TRY(
        check_name("stream name", stream, limits.stream_name_bytes + prefix_bytes, "invalid-stream-name"));
    if (limits.older_names) return done();
    if (not is_category(category_of(stream))) {
        return invalid("invalid-stream-name",
                       "append to the stream " + in_quotes(stream) +
                           ", which has no category before its hyphen; give it one, like \"order" +
                           printable(std::string_view{stream}.substr(0, 80)) + "\"");
    }
    if (lacks_id(stream)) {
        return invalid("empty-id", "append to the stream " + in_quotes(stream) +
                                       ", which has a category and no id; give an id after the hyphen");
    }
    return done();
}

result<void> check_command(const CommandRecord& command, const StoreLimits& limits)
{
    if (command.id.is_nil()) {
        return invalid("invalid-append", "append with a command that has no id; give it one");
    }
    return check_name("stream name", command.stream, limits.stream_name_bytes, "invalid-stream-name");
}

// The settings of a stream are in a stream that has nothing else, because its readers must understand all of it.
result<void> check_settings(const StreamAppend& append)
{
    if (not is_settings_stream(append.stream)) return done();
    const auto name       = std::string_view{append.stream}.substr(StreamSettings::category.size());
    const bool has_stream = name.size() > 1 && not is_settings_stream(name.substr(1));
    for (const NewEvent& event : append.events) {
        if (has_stream && stream_status_of(event.type, event.schema_version, event.data)) continue;
        return invalid("invalid-stream-name", "append the event " + in_quotes(event.type) + " to the stream " +
                                                  in_quotes(append.stream) +
                                                  ", which is reserved for the settings of a stream; use another name");
    }
    const auto end  = event_type<StreamSettings, StreamTombstoned>().name;
    const auto ends = std::find_if(append.events.begin(), append.events.end(),
                                   [&](const NewEvent& event) { return event.type == end; });
    if (append.events.end() - ends > 1) {
        return invalid("invalid-append", "append to the stream " + in_quotes(append.stream) +
                                             " after the event that ends it for good; leave out what follows it");
    }
    return done();
}

std::optional<std::string_view> duplicate_stream(const AppendRequest& request)
{
    if (request.streams.size() < 2) return std::nullopt;
    std::vector<std::string_view> streams;
    streams.reserve(request.streams.size());
    for (const StreamAppend& append : request.streams) streams.push_back(append.stream);
    return duplicate_in(std::move(streams));
}

// Ids that were made one after the other ascend; then there is nothing to sort.
std::optional<Uuid> duplicate_id(const AppendRequest& request, std::size_t events)
{
    const Uuid* before = nullptr;
    bool ascend        = true;
    for (const StreamAppend& append : request.streams) {
        for (const NewEvent& event : append.events) {
            ascend = ascend && (before == nullptr || *before < event.id);
            before = &event.id;
        }
    }
    if (ascend) return std::nullopt;
    std::vector<Uuid> ids;
    ids.reserve(events);
    for (const StreamAppend& append : request.streams) {
        for (const NewEvent& event : append.events) ids.push_back(event.id);
    }
    return duplicate_in(std::move(ids));
}

} // namespace

bool ExpectedVersion::matches(std::uint64_t count) const
{
    switch (kind_) {
    case Kind::any:
        return true;
    case Kind::no_stream:
        return count == 0;
    case Kind::stream_exists:
        return count > 0;
    case Kind::exactly:
        return count > 0 && count - 1 == version_;
    }
    return false;
}

bool ExpectedVersion::puts_first_at(Version version) const
{
    switch (kind_) {
    case Kind::any:
        return true;
    case Kind::no_stream:
        return version == 0;
    case Kind::stream_exists:
        return version > 0;
    case Kind::exactly:
        return version == version_ + 1;
    }
    return false;
}

std::string ExpectedVersion::describe() const
{
    switch (kind_) {
    case Kind::any:
        return "any version";
    case Kind::no_stream:
        return "no stream";
    case Kind::stream_exists:
        return "an existing stream";
    case Kind::exactly:
        return "version " + std::to_string(version_);
    }
    return {};
}

bool Scope::contains(const RecordedEvent& event) const
{
    switch (kind_) {
    case Kind::everything:
        return true;
    case Kind::stream:
        return event.stream == name_;
    case Kind::category:
        return category_of(event.stream) == name_;
    case Kind::query:
        return query_.matches(event.type, event.metadata.tags);
    }
    return false;
}

result<void> check_append(const AppendRequest& request, const StoreLimits& limits)
{
    std::size_t events = 0;
    std::size_t bytes  = 0;
    for (const StreamAppend& append : request.streams) {
        BOOST_OUTCOME_TRY(check_stream(append.stream, limits));
        BOOST_OUTCOME_TRY(check_settings(append));
        if (append.events.empty()) {
            return invalid("invalid-append",
                           "append no event to " + in_quotes(append.stream) + "; leave the stream out");
        }
        for (const NewEvent& event : append.events) {
            BOOST_OUTCOME_TRY(check_event(event, limits));
            bytes += size_of(event);
        }
        events += append.events.size();
    }
    if (events == 0 && not request.command) {
        return invalid("invalid-append", "append nothing; give at least one event or a command");
    }
    if (request.command) {
        BOOST_OUTCOME_TRY(check_command(*request.command, limits));
    }
    if (events > limits.append_events || bytes > limits.append_bytes) {
        return invalid(
            "append-too-large",
            fmt::format("append {} events of {} bytes and found limits of {} events and {} bytes; split the append",
                        events, bytes, limits.append_events, limits.append_bytes));
    }
    if (request.condition) {
        BOOST_OUTCOME_TRY(check_condition(*request.condition, limits));
    }
    if (const auto stream = duplicate_stream(request)) {
        return invalid("invalid-append",
                       "append to the stream " + in_quotes(*stream) + " twice in one request; put its events together");
    }
    if (const auto id = duplicate_id(request, events)) {
        return invalid("duplicate-event-id",
                       "append two events with the id " + to_string(*id) + " in one request; each needs its own");
    }
    return done();
}

result<void> check_scope(const Scope& scope)
{
    if (scope.kind() != Scope::Kind::category || is_category(scope.name())) return done();
    const auto named = "asked for the category " + in_quotes(scope.name()) + " and found ";
    if (scope.name().empty())
        return invalid("invalid-category", named + "an empty word; name one, or ask for everything");
    return invalid("invalid-category", named + "a hyphen, which ends a category: the stream " +
                                           in_quotes(scope.name()) + " is of the category " +
                                           in_quotes(category_of(scope.name())) +
                                           "; ask for that one, or for a stream");
}

result<void> check_checkpoint(const EventStore& store, Position checkpoint, std::string_view doing,
                              std::string_view advice)
{
    const Position head = store.head();
    if (checkpoint <= head) return done();
    return fail(Failure::corrupt, "log-behind-checkpoint",
                fmt::format("{} at position {} and found a log that ends at {}; the log was restored: {}", doing,
                            checkpoint, head, advice));
}

std::shared_ptr<InlineRows> EventStore::inline_rows() const
{
    return nullptr;
}

result<std::unique_ptr<HeldAppends>> EventStore::hold_appends()
{
    return invalid(
        "appends-not-held",
        "asked an event store to let appends wait for a moment and found that its engine cannot; keep the events "
        "in another engine");
}

result<std::optional<Duration>> age_of_next(const EventStore& store, Position position, Time now)
{
    if (position >= store.head()) return std::optional<Duration>{};
    const auto cursor = store.read({.from = position + 1, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
    if (event == nullptr) return std::optional<Duration>{};
    return std::optional{std::max(Duration{0}, now - event->recorded_at)};
}

Error wrong_expected_version(std::string_view stream, const ExpectedVersion& expected, std::uint64_t found_count)
{
    const std::string found = found_count == 0 ? "no stream" : "version " + std::to_string(found_count - 1);
    return {Failure::conflict, "wrong-expected-version",
            "append to " + std::string{stream} + " expected " + expected.describe() + " but found " + found +
                "; read the stream and decide again"};
}

Error append_condition_failed(const AppendCondition& condition, Position found)
{
    return {Failure::conflict, "append-condition-failed",
            fmt::format("append if nothing after position {} is {}, but found such an event at position {}; read again "
                        "and decide again",
                        condition.after, printable(condition.fails_if_matched.describe().substr(0, 300)), found)};
}

} // namespace eventloom
