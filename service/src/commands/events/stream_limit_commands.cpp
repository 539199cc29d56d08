#include "commands/age_text.hpp"
#include "commands/own_commands.hpp"

#include "command_line_state.hpp"
#include "commands/consent.hpp"

#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/framework/utf8.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/service/service.hpp>

#include <array>

namespace eventloom {

namespace {

struct NamedUnit {
    char letter;
    std::uint64_t seconds;
};
constexpr std::array named_units{NamedUnit{'d', 86'400}, NamedUnit{'h', 3'600}, NamedUnit{'m', 60}, NamedUnit{'s', 1}};

} // namespace

std::string age_text(Duration age)
{
    const auto seconds = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(age).count());
    for (const NamedUnit& unit : named_units) {
        if (seconds % unit.seconds == 0) return std::to_string(seconds / unit.seconds) + unit.letter;
    }
    return std::to_string(seconds) + "s";
}

namespace {

template <class Value>
Json json_of(const std::optional<Value>& value)
{
    return value ? Json(*value) : Json(nullptr);
}

void show(Output& out, const std::string& stream, const StreamStatus& status, std::uint64_t length)
{
    const auto& limits = status.limits;
    out.properties({{"stream", stream},
                    {"events", length},
                    {"max_age", limits.max_age ? Json(age_text(*limits.max_age)) : Json(nullptr)},
                    {"max_count", json_of(limits.max_count)},
                    {"truncate_before", json_of(limits.truncate_before)},
                    {"deleted", length > 0 && status.is_deleted(length)},
                    {"tombstoned", status.tombstoned}});
}

struct LimitArguments {
    std::string stream;
    std::optional<Duration> max_age;
    std::optional<std::uint64_t> max_count;
    std::optional<std::uint64_t> truncate_before;
    bool clear   = false;
    bool dry_run = false;
};

// Warns when an aggregate would be decided on a part of its events, without a snapshot that includes the others.
result<void> warn_of_aggregate(Output& out, Service& service, const std::string& stream, const StreamStatus& wanted,
                               std::uint64_t length)
{
    const auto first    = wanted.first_kept(length);
    const auto snapshot = service.snapshots() == nullptr ? std::nullopt : service.snapshots()->find(stream);
    const bool stands =
        snapshot && snapshot->events > first; // as long as the last event that it was folded from is seen
    if ((first == 0 && not wanted.limits.max_age) || stands) return done();
    const auto sentence = "The state of " + printable(stream) +
                          " is folded only from its events that are still seen, and no snapshot includes the "
                          "others: they no longer count when a command is decided (goods that were received before, "
                          "for example, so that a stock falls below zero); --clear removes the limits";
    out.warn(sentence + ".", "warning", {{"code", "aggregate-without-snapshot"}, {"sentence", sentence}});
    return done();
}

// An open saga, or job, would forget what it has done.
result<void> check_may_lose_history(Service& service, const std::string& stream)
{
    BOOST_OUTCOME_TRY(service.queues().check_may_lose_history(stream));
    BOOST_OUTCOME_TRY(service.sagas().open());
    return service.sagas().check_may_lose_history(stream);
}

Error no_such_stream(const std::string& asked, const std::string& stream)
{
    return {Failure::invalid, "no-such-stream",
            "asked " + asked + " the stream " + printable(stream) +
                " and found no event in it; `streams list` shows all"};
}

// A stream may have its limits before its first event; a name that was mistyped has them too.
void say_kept_for_later(Output& out, const LimitArguments& arguments)
{
    const auto sentence = "The stream " + printable(arguments.stream) + " has no event yet; its limits " +
                          (arguments.dry_run ? "would be" : "are") +
                          " kept for it, for when it gets events (--clear removes them)";
    out.warn(sentence + ".", "warning", {{"code", "no-event-yet"}, {"sentence", sentence}});
}

result<void> limit(Output& out, Service& service, IdSource& ids, const LimitArguments& arguments,
                   const std::function<bool(const std::string& type)>& is_of_aggregate)
{
    EventStore& store = service.store();
    BOOST_OUTCOME_TRY(auto status, stream_status(store, arguments.stream));
    BOOST_OUTCOME_TRY(const auto length, store.stream_length(arguments.stream));
    auto wanted = arguments.clear ? StreamLimits{} : status.limits;
    if (arguments.max_age) wanted.max_age = arguments.max_age;
    if (arguments.max_count) wanted.max_count = arguments.max_count;
    if (arguments.truncate_before) wanted.truncate_before = arguments.truncate_before;
    if (wanted != status.limits) {
        if (not arguments.clear) {
            BOOST_OUTCOME_TRY(check_may_lose_history(service, arguments.stream));
        }
        BOOST_OUTCOME_TRY(arguments.dry_run ? check_stream_limits(store, arguments.stream, wanted)
                                            : set_stream_limits(store, ids, arguments.stream, wanted));
    }
    if (length == 0 && status == StreamStatus{} && wanted == status.limits)
        return no_such_stream("for", arguments.stream);
    status.limits = wanted;
    if (length == 0) say_kept_for_later(out, arguments);
    const auto last =
        store.read({.scope = Scope::stream(arguments.stream), .direction = Direction::backwards, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* event, last->next());
    if (event != nullptr && is_of_aggregate(event->type)) {
        BOOST_OUTCOME_TRY(warn_of_aggregate(out, service, arguments.stream, status, length));
    }
    show(out, arguments.stream, status, length);
    return done();
}

struct DeletionArguments {
    std::string stream;
    bool for_good = false;
    bool yes      = false;
    bool dry_run  = false;
};

result<void> delete_one(Output& out, Service& service, IdSource& ids, const DeletionArguments& arguments)
{
    EventStore& store  = service.store();
    const auto& stream = arguments.stream;
    BOOST_OUTCOME_TRY(const auto length, store.stream_length(stream));
    if (length == 0) return no_such_stream("to delete", stream);
    BOOST_OUTCOME_TRY(check_may_lose_history(service, stream));
    if (arguments.dry_run) {
        BOOST_OUTCOME_TRY(const auto now, stream_status(store, stream));
        if (now.tombstoned && not arguments.for_good) return stream_tombstoned(stream);
        show(out, stream, now, length);
        out.say(arguments.for_good ? "Nothing was changed; the stream shown here would end for good."
                                   : "Nothing was changed; the stream shown here would be deleted.");
        return done();
    }
    if (arguments.for_good) {
        BOOST_OUTCOME_TRY(require_consent(arguments.yes, "end the stream " + printable(stream) + " for good"));
    }
    BOOST_OUTCOME_TRY(arguments.for_good ? tombstone_stream(store, ids, stream) : delete_stream(store, ids, stream));
    BOOST_OUTCOME_TRY(const auto status, stream_status(store, stream));
    show(out, stream, status, length);
    return done();
}

} // namespace

void add_stream_limit_commands(CommandLine& line, Command streams)
{
    const auto limits   = std::make_shared<LimitArguments>();
    const auto limiting = streams.add_subcommand("limits", "Show or change how much of a stream is kept");
    limiting.add_option("stream", limits->stream, "Its name").required();
    limiting
        .add_option_function(
            "--max-age", [limits](const std::string& word) { limits->max_age = parse_span(word); },
            "Keep only events that are not older: 90d, 12h, 30m")
        .type_name("AGE")
        .check(span_of_time());
    limiting.add_option("--max-count", limits->max_count, "Keep only the newest events, this many")
        .check(whole_number(1));
    limiting.add_option("--truncate-before", limits->truncate_before, "Keep this version and all later ones")
        .check(whole_number());
    limiting.add_flag("--clear", limits->clear, "First remove all limits, and a deletion");
    limiting.add_flag("--dry-run", limits->dry_run, "Show the new limits, and change nothing");
    line.on(limiting, [&line, limits](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        return limit(out, open_service->service(), line.runtime().ids, *limits,
                     [&line](const std::string& type) { return line.state().types.contains(type); });
    });

    const auto deletion = std::make_shared<DeletionArguments>();
    const auto deleting = streams.add_subcommand(
        "delete", "Delete a stream: readers no longer see its events; an append begins it again");
    deleting.add_option("stream", deletion->stream, "Its name").required();
    deleting.add_flag("--for-good", deletion->for_good, "For ever: no append is possible after it. Needs --yes");
    deleting.add_flag("--yes", deletion->yes, "Confirm: this cannot be undone");
    deleting.add_flag("--dry-run", deletion->dry_run, "Show what would be deleted, and change nothing");
    line.on(deleting, [&line, deletion](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        return delete_one(out, open_service->service(), line.runtime().ids, *deletion);
    });
}

} // namespace eventloom
