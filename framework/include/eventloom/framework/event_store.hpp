// An event store keeps streams of events, in order, for ever. This is the port: engines implement it, and
// one can take the place of another. Events are bytes here; aggregates, projections and sagas give them types.
//
//     BOOST_OUTCOME_TRY(auto store, LevelDbStore::open(runtime, {.directory = "var/shop"}));
//     const std::vector<NewEvent> events{{.id = runtime.ids.next(), .type = "order-placed", .data = bytes, .metadata = {}}};
//     BOOST_OUTCOME_TRY(auto placed, store->append({.streams = {{"order-1042", ExpectedVersion::no_stream(), events}}}));
//     auto cursor = store->read({.scope = Scope::stream("order-1042")});
//
// An append may have a condition on what was written before, anywhere in the log (the "dynamic consistency boundary",
// https://dcb.events/specification/):
//
//     const EventQuery seats{{{.types = {"course-defined"}, .tags = {"course:c1"}},
//                             {.types = {"student-subscribed"}, .tags = {"course:c1"}}}};
//     request.condition = {.fails_if_matched = seats, .after = last_position_that_was_read};
//
// An append is all or nothing, and durable when it is acknowledged. Of two appends that expect the same version of one
// stream at most one succeeds. Versions and positions have no gaps. Threads: every member may be called from any thread at
// any time; a cursor belongs to one thread at a time.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

class InlineRows;

// An event matches when its type is one of `types` (none given: any type) and it carries all of `tags`.
struct QueryItem {
    std::vector<std::string> types = {}; // stored names
    std::vector<std::string> tags  = {};

    bool matches(std::string_view type, std::span<const std::string> event_tags) const;

    friend bool operator==(const QueryItem&, const QueryItem&) = default;
};

// An event matches when it matches one of the items. A query without items matches every event.
struct EventQuery {
    std::vector<QueryItem> items = {};

    bool matches(std::string_view type, std::span<const std::string> event_tags) const;

    // "course-defined or student-subscribed with course:c1"
    std::string describe() const;

    friend bool operator==(const EventQuery&, const EventQuery&) = default;
};

// The append fails when an event after position `after` matches the query. Checked and written as one atomic step.
struct AppendCondition {
    EventQuery fails_if_matched;
    Position after = 0; // the position up to which the decision has read; 0: no event may match at all
};

// What an append expects to find in the stream.
class ExpectedVersion {
public:
    static ExpectedVersion any() { return {Kind::any, 0}; }
    // The stream does not exist; or it was deleted, and nothing was appended since (its versions go on).
    static ExpectedVersion no_stream() { return {Kind::no_stream, 0}; }
    static ExpectedVersion stream_exists() { return {Kind::stream_exists, 0}; }
    // The last event of the stream has this version.
    static ExpectedVersion exactly(Version version) { return {Kind::exactly, version}; }
    // For a reader who has read the whole stream, `count` events, of which limits hide none: no stream, or exactly the last
    // of them.
    static ExpectedVersion after(std::uint64_t count) { return count == 0 ? no_stream() : exactly(count - 1); }

    // Whether a stream of `count` events is as expected.
    bool matches(std::uint64_t count) const;

    // Whether an append that was accepted with this expectation has put its first event at `version`.
    bool puts_first_at(Version version) const;

    // Of exactly(); 0 for the others.
    Version version() const { return version_; }

    // "any version", "no stream", "an existing stream", "version 7"
    std::string describe() const;

    friend bool operator==(const ExpectedVersion&, const ExpectedVersion&) = default;

private:
    enum class Kind : std::uint8_t { any, no_stream, stream_exists, exactly };
    ExpectedVersion(Kind kind, Version version) : kind_{kind}, version_{version} {}
    Kind kind_;
    Version version_;
};

// The events of one stream in an append.
struct StreamAppend {
    std::string stream;
    ExpectedVersion expected = ExpectedVersion::any();
    std::vector<NewEvent> events;
};

// The record of a command, kept in the same atomic write as its events: a command that is sent again finds it.
struct CommandRecord {
    Uuid id;
    std::string stream; // the stream the command was decided for
    // Filled in by the store; in a request they are ignored. Streams listed before the command's own in the request:
    // their events are not the command's, they are only written in the same append.
    std::uint64_t count    = 0; // how many events the command gave, 0 for a command that changed nothing
    Version last_version   = 0; // of the stream after the command; meaningless while the stream is empty
    Position last_position = 0; // of the log after the command

    friend bool operator==(const CommandRecord&, const CommandRecord&) = default;
};

struct AppendRequest {
    std::vector<StreamAppend> streams        = {};           // each stream at most once
    std::optional<AppendCondition> condition = std::nullopt; // over all streams, beside their expected versions
    std::optional<CommandRecord> command     = std::nullopt; // with it `streams` may hold no event at all
    std::optional<Time> deadline             = std::nullopt; // not begun by then: Failure::unavailable, nothing written
    // Only asks for the answer of the first time: what the log does not know is Failure::refused "not-recorded", and nothing
    // is written.
    bool only_if_recorded = false;
};

// Where the events of one stream went.
struct StreamAppended {
    Version first_version = 0;
    Version last_version  = 0;
};

struct Appended {
    std::vector<StreamAppended> streams; // in the order of the request; none when its command was recognised
    Position first_position = 0;         // when its command was recognised: of the command's own events
    Position last_position  = 0;         // with no events: the head of the log
    bool repeated           = false; // the same events, or the same command, stood there already; nothing was written
    std::optional<CommandRecord> command; // as recorded, when the request held one
};

// Which events a reader wants.
class Scope {
public:
    static Scope everything() { return {Kind::everything, {}, {}}; }
    static Scope stream(std::string name) { return {Kind::stream, std::move(name), {}}; }
    // All streams whose name is this word, or this word and a hyphen and more. The word itself holds no hyphen: the stream
    // "gift-order-7" is of the category "gift". Reading any other name gives "invalid-category".
    static Scope category(std::string name) { return {Kind::category, std::move(name), {}}; }
    // All events of one stored type, whatever their stream.
    static Scope type(std::string name) { return matching({{{.types = {std::move(name)}}}}); }
    static Scope tag(std::string name) { return matching({{{.tags = {std::move(name)}}}}); }
    static Scope matching(EventQuery query) { return {Kind::query, {}, std::move(query)}; }

    enum class Kind : std::uint8_t { everything, stream, category, query };
    Kind kind() const { return kind_; }
    const std::string& name() const { return name_; }  // of the stream or category
    const EventQuery& query() const { return query_; } // when the kind is query

    bool contains(const RecordedEvent& event) const;

private:
    Scope(Kind kind, std::string name, EventQuery query) : kind_{kind}, name_{std::move(name)}, query_{std::move(query)}
    {
    }
    Kind kind_;
    std::string name_;
    EventQuery query_;
};

enum class Direction : std::uint8_t { forwards, backwards };

struct ReadRequest {
    Scope scope = Scope::everything();
    // The first event wanted: a version when the scope is a stream, else a position. Nothing given: the oldest event when
    // reading forwards, the newest when reading backwards.
    std::optional<std::uint64_t> from = std::nullopt;
    // Forwards: nothing recorded before this moment. Backwards: nothing recorded after it. May stand beside `from`.
    std::optional<Time> at = std::nullopt;
    Direction direction    = Direction::forwards;
    std::uint64_t limit    = std::numeric_limits<std::uint64_t>::max();
};

// Events one after the other, in bounded memory. Ends at what was the head of the log when the reading began.
class EventCursor {
public:
    virtual ~EventCursor() = default;

    // The next event, or nullptr at the end. The event lives until the next call. After an error the cursor gives the same
    // error for ever.
    // Failure::corrupt  the record at that position is not what was written; it is named and not skipped.
    virtual result<const RecordedEvent*> next() = 0;
};

// Told of the events of acknowledged appends, in the order of positions, before the appends return to their callers;
// appends that were written together are told together. An engine that several processes append to tells the events of the
// others, too, in their place in that order. Must be quick and must not call back into the store's append.
using CommitObserver = std::function<void(std::shared_ptr<const std::vector<RecordedEvent>>)>;

// Ends the observation when it goes.
using Observation = std::shared_ptr<void>;

// While it lives nothing is appended, so the end of the log stays the same. Do not ask for one in a fold, an observer or a
// completion. Threads: one.
class HeldAppends {
public:
    virtual ~HeldAppends() = default;
};

using AppendCompletion = std::function<void(result<Appended>)>;

class EventStore {
public:
    virtual ~EventStore() = default;

    // Writes all events of the request, or none, and returns when they are durable.
    //
    // An append whose events (by id) already stand where the request puts them, with the same content, is answered with
    // the first answer (`repeated`) and writes nothing; that holds for every expected version, whatever its condition
    // finds now, and for as long as the log exists. So is an append whose command is already recorded.
    //
    // Failure::conflict     "wrong-expected-version": a stream is not as expected; nothing was written.
    //                       "append-condition-failed": an event matches the condition; nothing was written.
    //                       Of events that were sent before, nothing was written: "events-partly-present",
    //                       "events-in-another-order", "event-in-another-stream", "event-with-other-content",
    //                       "event-at-another-version" (than the expected one allows), "events-without-their-command".
    // Failure::invalid      "invalid-stream-name" (also of one that begins with a hyphen: it has no category), "invalid-event-type", "invalid-tag", "invalid-append",
    //                       "duplicate-event-id", "command-id-taken", "event-too-large", "metadata-too-large",
    //                       "append-too-large", "query-too-large".
    // Failure::refused      "stream-tombstoned": a stream has ended for good (stream_limits.hpp); nothing was written.
    //                       "not-recorded": only the answer of the first time was asked for, and there was none.
    // Failure::unknown      "append-outcome-unknown": the disk failed during the write. Send the same ids again.
    // Failure::unavailable  "store-closed-by-fault", "deadline-passed": nothing was written.
    // And the error of an inline projection that cannot take one of the events: nothing was written.
    virtual result<Appended> append(const AppendRequest& request) = 0;

    // The same without waiting: thousands may be in flight, and are written in the order of the calls. `completion` is
    // called exactly once, on a thread of the store's choice; it may append again.
    virtual void append(AppendRequest request, AppendCompletion completion) = 0;

    // A cursor over what stands in the log now. An unknown stream or category is empty, not an error; nor is a place after
    // the end, where an event is still to come: whoever keeps a place for later asks check_checkpoint first.
    virtual std::unique_ptr<EventCursor> read(const ReadRequest& request) const = 0;

    // The event with this id, wherever it stands; nothing when there is none, or when limits have removed it.
    // Failure::corrupt  the event is there, but is not what was written.
    virtual result<std::optional<RecordedEvent>> find_event(const Uuid& id) const = 0;

    // How many events were ever appended to the stream, also those that limits or a deletion hide; the last version is one
    // less. 0: never appended to.
    virtual result<std::uint64_t> stream_length(std::string_view stream) const = 0;

    // The types of the events in the log, by name, each once; an index answers, so that it costs as many looks as there are
    // types. One whose events are all gone with the limits of their streams may be among them.
    virtual result<std::vector<std::string>> stored_types() const = 0;

    // The record of a command, when one with this id was recorded.
    virtual result<std::optional<CommandRecord>> find_command(const Uuid& id) const = 0;

    // The position of the last acknowledged event, 0 in an empty log. Positions have no gaps: an engine gives them in the
    // commit itself, so that an append that fails uses none, and no position is seen before all that are less.
    virtual Position head() const = 0;

    // Calls `observer` for every append acknowledged from now on; the position returned by head() right after this call
    // is covered either by reading or by observing, never by neither.
    virtual Observation observe(CommitObserver observer) = 0;

    // The rows that are written with the events (inline_rows.hpp). nullptr: this store keeps none.
    virtual std::shared_ptr<InlineRows> inline_rows() const;

    // Waits until the appends that are under way are written; the later ones wait until the caller releases what this gives.
    // Failure::invalid "appends-not-held": this engine cannot.
    virtual result<std::unique_ptr<HeldAppends>> hold_appends();
};

// What every store accepts; beyond it an append is Failure::invalid.
struct StoreLimits {
    std::size_t stream_name_bytes = 512; // UTF-8 without control characters, not empty
    std::size_t type_name_bytes   = 256;
    std::size_t event_bytes       = 8u << 20;  // data and metadata of one event
    std::size_t tags              = 64;        // of one event
    std::size_t tag_bytes         = 256;       // UTF-8 without control characters, not empty
    std::size_t headers           = 256;       // of one event
    std::size_t metadata_bytes    = 64u << 10; // tags and headers of one event
    std::size_t append_events     = 10'000;
    std::size_t append_bytes      = 64u << 20;
    std::size_t query_items       = 64;    // of a condition; each may name as many types and tags
    bool older_names              = false; // streams without a category or an id: only in copies of a log that has them
};

// Checks a request against the limits and its own consistency; every store calls it first.
result<void> check_append(const AppendRequest& request, const StoreLimits& limits = {});

// Checks what is to be read; every store, and whoever waits for events, calls it first.
// Failure::invalid  "invalid-category".
result<void> check_scope(const Scope& scope);

// Whether the log still has all that was handled up to `checkpoint`. One that was restored may end before it: it would give
// nothing until it has grown to there, and then leave out what came in between. Whoever follows a log asks this first, and
// says what it was about to do ("began the subscription mail") and what is to be done instead.
// Failure::corrupt  "log-behind-checkpoint".
result<void> check_checkpoint(const EventStore& store, Position checkpoint, std::string_view doing,
                              std::string_view advice);

// How long ago the first event after a position was recorded; nothing when there is none: how far a follower is behind.
result<std::optional<Duration>> age_of_next(const EventStore& store, Position position, Time now);

// The error of an append that found another version than it expected.
Error wrong_expected_version(std::string_view stream, const ExpectedVersion& expected, std::uint64_t found_count);

// The error of an append whose condition an event of the log matches.
Error append_condition_failed(const AppendCondition& condition, Position found);

} // namespace eventloom
