#include "commands/events/events_shown.hpp"
#include "commands/own_commands.hpp"

#include "command_line_state.hpp"

#include <eventloom/framework/detail/event.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/framework/time.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/service.hpp>

#include <fmt/core.h>

namespace eventloom {

namespace {

using Rows = std::vector<std::vector<Json>>;

} // namespace

Json json_of(const RecordedEvent& event, const std::string& data_json)
{
    auto metadata = Json::object();
    if (not event.metadata.correlation.is_nil()) metadata["correlation"] = to_string(event.metadata.correlation);
    if (not event.metadata.causation.is_nil()) metadata["causation"] = to_string(event.metadata.causation);
    if (not event.metadata.tags.empty()) metadata["tags"] = event.metadata.tags;
    for (const auto& [name, value] : event.metadata.headers) metadata["headers"][name] = value;
    return {{"position", event.position},
            {"stream", event.stream},
            {"version", event.version},
            {"type", event.type},
            {"schema_version", event.schema_version},
            {"id", to_string(event.id)},
            {"recorded_at", to_string(event.recorded_at)},
            {"metadata", metadata},
            {"data", Json::parse(data_json).value_or(data_json)}};
}

namespace {

const std::vector<Column> event_columns{
    {"position", Align::right}, {"recorded_at"}, {"stream"}, {"version", Align::right}, {"type"}};

std::vector<Json> row_of(const RecordedEvent& event)
{
    return {event.position, to_string(event.recorded_at), event.stream, event.version, event.type};
}

// Why nothing of it is shown.
void say_deleted(Output& out, const std::string& stream, const StreamStatus& status, std::uint64_t length)
{
    const auto until    = " up to and with version " + std::to_string(length - 1);
    const auto sentence = "The stream " + printable(stream) + " was " +
                          (status.tombstoned ? "ended for good: its events" + until + " are not shown"
                                             : "deleted: its events" + until + " are not shown; `streams limits " +
                                                   printable(stream) + " --clear` shows them again until a scavenge");
    out.warn(sentence + ".", "warning",
             {{"code", status.tombstoned ? "stream-tombstoned" : "stream-deleted"},
              {"deleted_to", length - 1},
              {"sentence", sentence}});
}

} // namespace

const EventType* type_in_program(const std::string& name)
{
    for (const EventList& list : event_lists()) {
        if (const auto* found = detail::find_event_type(list.types(), name)) return found;
    }
    return nullptr;
}

// The data of an event as JSON: in words when the program knows the type, else that it does not.
std::string event_json(CommandLine& line, const RecordedEvent& event)
{
    const auto& types = line.state().types;
    const auto known  = types.find(event.type);
    const auto* type  = known != types.end() ? known->second : type_in_program(event.type);
    if (type == nullptr) return Json{{"unknown_type", event.type}, {"bytes", event.data.size()}}.dump();
    auto json = type->to_json(event.schema_version, event.data);
    return json ? std::move(json.value()) : Json{{"unreadable", json.error().sentence}}.dump();
}

void add_log_commands(CommandLine& line)
{
    struct Arguments {
        Position position   = 0;
        std::uint64_t count = 20;
        std::string category;
        std::string stream;
        std::uint64_t from = 0;
        std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    };
    const auto arguments = std::make_shared<Arguments>();

    // Shows what a reader gives, oldest first; with JSON every event whole.
    const auto print = [&line](Output& out, const EventStore& store, const ReadRequest& request) -> result<void> {
        Rows rows;
        auto array        = Json::array();
        const auto cursor = store.read(request);
        for (;;) {
            BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
            if (event == nullptr) break;
            if (out.json()) {
                array.push_back(json_of(*event, event_json(line, *event)));
            } else {
                rows.push_back(row_of(*event));
            }
        }
        if (request.direction == Direction::backwards) {
            std::reverse(rows.begin(), rows.end());
            array.reverse();
        }
        if (out.json()) {
            out.properties(array);
        } else {
            out.table(event_columns, rows);
        }
        return done();
    };

    const auto reads = [&line](Command command, CommandLine::Action action) {
        line.on(command, std::move(action), DirectoryUse::reading);
    };
    const auto events = line.app().add_subcommand("events", "The log: tail, show");
    events.require_subcommand();
    const auto tail = events.add_subcommand("tail", "The last events");
    tail.add_option("-n,--limit,--count", arguments->count, "How many (default 20)").check(whole_number(1));
    tail.add_option("--category", arguments->category, "Only from streams of this category");
    reads(tail, [&line, arguments, print](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        const auto scope = arguments->category.empty() ? Scope::everything() : Scope::category(arguments->category);
        return print(out, open_service->service().plaintext_store(),
                     {.scope = scope, .direction = Direction::backwards, .limit = arguments->count});
    });

    const auto show = events.add_subcommand("show", "One event, with its data");
    show.add_option("position", arguments->position, "Its position in the log").required().check(whole_number(1));
    reads(show, [&line, arguments](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        const auto& store = open_service->service().plaintext_store();
        const auto cursor = store.read({.from = arguments->position, .limit = 1});
        BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
        if (arguments->position <= store.head() && (event == nullptr || event->position != arguments->position)) {
            return fail(Failure::invalid, "event-is-gone",
                        fmt::format("asked for the event at position {} and found that a scavenge has removed it; only "
                                    "its position is left",
                                    arguments->position));
        }
        if (event == nullptr) {
            return fail(Failure::invalid, "no-such-event",
                        fmt::format("asked for the event at position {} and found a log that ends at {}",
                                    arguments->position, store.head()));
        }
        out.properties(json_of(*event, event_json(line, *event)));
        return done();
    });

    const auto streams = line.app().add_subcommand("streams", "The streams: list, read, limits, delete");
    streams.require_subcommand();
    add_stream_limit_commands(line, streams);
    const auto list = streams.add_subcommand("list", "All streams, or those of one category, by name");
    list.add_option("--category", arguments->category, "Only of this category");
    list.add_option("--limit", arguments->most, "At most this many").check(whole_number());
    reads(list, [&line, arguments](Output& out) -> result<void> {
        if (not arguments->category.empty()) {
            BOOST_OUTCOME_TRY(check_scope(Scope::category(arguments->category)));
        }
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        Rows rows;
        BOOST_OUTCOME_TRY(open_service->service().engine().history->visit_streams(
            [&](std::string_view stream, std::uint64_t events_in_it) {
                if (rows.size() == arguments->most) return;
                if (arguments->category.empty() || category_of(stream) == arguments->category) {
                    rows.push_back({std::string{stream}, events_in_it});
                }
            }));
        out.table({{"stream"}, {"events", Align::right}}, rows);
        return done();
    });

    const auto read = streams.add_subcommand("read", "The events of one stream");
    read.add_option("stream", arguments->stream, "Its name, as `streams list` shows it").required();
    read.add_option("--from", arguments->from, "The first version to show").check(whole_number());
    read.add_option("--limit", arguments->most, "At most this many").check(whole_number(1));
    reads(read, [&line, arguments, print](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        const auto& store = open_service->service().plaintext_store();
        BOOST_OUTCOME_TRY(const auto length, store.stream_length(arguments->stream));
        if (length == 0) {
            return fail(Failure::invalid, "no-such-stream",
                        "asked for the stream " + printable(arguments->stream) +
                            " and found no event in it; `streams list` shows all");
        }
        if (arguments->from > length) { // at it the next event will be
            return fail(Failure::invalid, "no-such-version",
                        fmt::format("asked for the stream {} from version {} and found that it ends with version {}",
                                    printable(arguments->stream), arguments->from, length - 1));
        }
        BOOST_OUTCOME_TRY(const auto status, stream_status(store, arguments->stream));
        if (status.tombstoned || status.is_deleted(length)) say_deleted(out, arguments->stream, status, length);
        return print(out, store,
                     {.scope = Scope::stream(arguments->stream), .from = arguments->from, .limit = arguments->most});
    });
}

} // namespace eventloom
