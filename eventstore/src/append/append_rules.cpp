#include "append/append_rules.hpp"

#include "record/damage.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

namespace eventloom {

namespace {

std::string place_of(const RecordedEvent& standing)
{
    return fmt::format("{} version {} (position {})", standing.stream, standing.version, standing.position);
}

std::string counted(std::size_t count, std::string_view what)
{
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

// What is not the same, by name, with sizes instead of contents: an error holds nothing secret. Empty: nothing differs.
std::string differences(const NewEvent& event, const RecordedEvent& standing)
{
    std::string list;
    const auto add = [&](bool differs, const std::string& what) {
        if (not differs) return;
        if (not list.empty()) list += ", ";
        list += what;
    };
    const auto bytes    = [](const std::string& data) { return counted(data.size(), "byte"); };
    const auto& sent    = event.metadata;
    const auto& written = standing.metadata;
    add(event.type != standing.type, "type \"" + event.type + "\" instead of \"" + standing.type + "\"");
    add(event.schema_version != standing.schema_version,
        fmt::format("schema version {} instead of {}", event.schema_version, standing.schema_version));
    add(event.data != standing.data, "data (" + bytes(event.data) + " instead of " + bytes(standing.data) + ")");
    add(sent.correlation != written.correlation, "correlation");
    add(sent.causation != written.causation, "causation");
    add(sent.tags != written.tags, "tags");
    add(sent.headers != written.headers, "headers");
    return list;
}

// Compares a request, some of whose events stand in the log, with what stands there. A request that says several things
// otherwise is told the first of them in this order: another stream, partly there, another order, other content, another
// version than expected.
class Repetition {
public:
    // `positions` of all events of the request in its order; 0: the event stands nowhere.
    Repetition(const AppendRequest& request, const LogView& log, const std::vector<Position>& positions)
        : request_{request}, log_{log}, positions_{positions}
    {
    }

    result<Appended> first_answer()
    {
        Appended answer;
        answer.repeated = true;
        for (const StreamAppend& append : request_.streams) {
            BOOST_OUTCOME_TRY(const auto place, look_at(append));
            answer.streams.push_back(place);
        }
        for (auto* error : {&other_stream_, &partly_, &other_order_, &other_content_, &other_version_}) {
            if (*error) return std::move(**error);
        }
        answer.first_position = positions_.front();
        answer.last_position  = positions_.back();
        return answer;
    }

private:
    result<StreamAppended> look_at(const StreamAppend& append)
    {
        StreamAppended place;
        for (std::size_t i = 0; i < append.events.size(); ++i) {
            const NewEvent& event   = append.events[i];
            const Position position = positions_[at_++];
            if (position == 0) {
                BOOST_OUTCOME_TRY(note_missing(event, append));
                continue;
            }
            BOOST_OUTCOME_TRY(const auto standing, log_.event_at(position));
            if (i == 0) place.first_version = standing.version;
            place.last_version = standing.version;
            compare(event, append, standing, place.first_version + i);
            BOOST_OUTCOME_TRY(const bool is_due, i > 0 ? result<bool>{true} : can_have_put(append, standing));
            if (not is_due) {
                note(other_version_, "event-at-another-version", event, append, standing,
                     ", where an append that expected " + append.expected.describe() +
                         " cannot have written it; expect the same version as the first time, or give new ids");
            }
        }
        return place;
    }

    // "No stream" finds a deleted one, too: what counts is what stood before the request, which may have asked something of
    // its own stream.
    result<bool> can_have_put(const StreamAppend& append, const RecordedEvent& first) const
    {
        if (append.expected.puts_first_at(first.version)) return true;
        if (append.expected != ExpectedVersion::no_stream()) return false;
        BOOST_OUTCOME_TRY(const auto status, log_.status_of(append.stream, positions_.front()));
        return status.is_deleted(first.version);
    }

    void compare(const NewEvent& event, const StreamAppend& append, const RecordedEvent& standing, Version due)
    {
        if (standing.stream != append.stream) {
            return note(other_stream_, "event-in-another-stream", event, append, standing,
                        "; an event belongs to one stream: give a new event its own id");
        }
        if (standing.version != due || standing.position <= previous_) {
            note(other_order_, "events-in-another-order", event, append, standing,
                 ", not directly after the event that precedes it in the request; send them in the order of the first "
                 "time, or give new ids");
        }
        previous_ = standing.position;
        if (is_gone(standing)) return; // with what was in it
        if (const auto list = differences(event, standing); not list.empty()) {
            note(other_content_, "event-with-other-content", event, append, standing,
                 " with other content: " + list + "; send what was sent the first time, or give it a new id");
        }
    }

    static void note(std::optional<Error>& error, std::string code, const NewEvent& event, const StreamAppend& append,
                     const RecordedEvent& standing, const std::string& what)
    {
        if (error) return;
        error = Error{Failure::conflict, std::move(code),
                      "append the event " + to_string(event.id) + " to " + append.stream + " and found it at " +
                          place_of(standing) + what};
    }

    result<void> note_missing(const NewEvent& missing, const StreamAppend& append)
    {
        if (partly_) return done();
        const auto first = std::find_if(positions_.begin(), positions_.end(), [](Position at) { return at != 0; });
        const auto known = positions_.size() - std::count(positions_.begin(), positions_.end(), Position{0});
        BOOST_OUTCOME_TRY(const auto standing, log_.event_at(*first));
        partly_ = Error{Failure::conflict, "events-partly-present",
                        fmt::format("append {} and found {} of them in the log: {} stands at {}, {} for {} is nowhere "
                                    "in the log; send exactly the events of the first time, or give new ids",
                                    counted(positions_.size(), "event"), known, to_string(standing.id),
                                    place_of(standing), to_string(missing.id), append.stream)};
        return done();
    }

    const AppendRequest& request_;
    const LogView& log_;
    const std::vector<Position>& positions_;
    std::size_t at_    = 0;
    Position previous_ = 0;
    std::optional<Error> other_stream_;
    std::optional<Error> partly_;
    std::optional<Error> other_order_;
    std::optional<Error> other_content_;
    std::optional<Error> other_version_;
};

// Of all events of the request in its order, 0 where an event stands nowhere; empty when none stands.
result<std::vector<Position>> standing_positions(const AppendRequest& request, const LogView& log)
{
    std::vector<Position> positions;
    std::size_t before = 0;
    for (const StreamAppend& append : request.streams) {
        for (const NewEvent& event : append.events) {
            BOOST_OUTCOME_TRY(const auto position, log.position_of(event.id));
            if (position && positions.empty()) positions.resize(before);
            if (position || not positions.empty()) positions.push_back(position.value_or(0));
            ++before;
        }
    }
    return positions;
}

// The answer of the first time, when the events of the request stand in the log already.
result<std::optional<Appended>> find_repeated(const AppendRequest& request, const LogView& log)
{
    BOOST_OUTCOME_TRY(const auto positions, standing_positions(request, log));
    if (positions.empty()) return std::optional<Appended>{};
    BOOST_OUTCOME_TRY(auto answer, Repetition(request, log, positions).first_answer());
    if (request.command) {
        return fail(Failure::conflict, "events-without-their-command",
                    "append events with the command " + to_string(request.command->id) +
                        " and found them in the log without it; send them without the command, or give new ids");
    }
    return std::optional{std::move(answer)};
}

// The answer of the first time, when the command of the request was carried out already.
result<std::optional<Appended>> find_repeated_command(const CommandRecord& command, const LogView& log)
{
    BOOST_OUTCOME_TRY(auto record, log.command(command.id));
    if (not record) return std::optional<Appended>{};
    if (record->stream != command.stream) {
        return fail(Failure::invalid, "command-id-taken",
                    "append a command to " + command.stream + " with the id " + to_string(command.id) +
                        ", which a command to " + record->stream + " had before; give each command its own id");
    }
    Appended answer;
    answer.first_position = record->count == 0 ? record->last_position : record->last_position - record->count + 1;
    answer.last_position  = record->last_position;
    answer.repeated       = true;
    answer.command        = std::move(record);
    return std::optional{std::move(answer)};
}

// Of a stream that has ended for good nothing can be asked again.
result<void> check_settings_stream(const StreamAppend& append, std::uint64_t length, const LogView& log)
{
    // The version first: whoever asks for what somebody else has just asked for reads again and finds it.
    if (not append.expected.matches(length)) return wrong_expected_version(append.stream, append.expected, length);
    const auto stream = append.stream.substr(settings_stream_of("").size());
    BOOST_OUTCOME_TRY(const auto status, log.status_of(stream, std::numeric_limits<Position>::max()));
    if (status.tombstoned) return stream_tombstoned(stream);
    return done();
}

result<void> check_stream(const StreamAppend& append, std::uint64_t length, const LogView& log)
{
    if (is_settings_stream(append.stream)) return check_settings_stream(append, length, log);
    BOOST_OUTCOME_TRY(const auto status, log.status_of(append.stream, std::numeric_limits<Position>::max()));
    if (status.tombstoned) return stream_tombstoned(append.stream);
    const bool is_new_again = append.expected == ExpectedVersion::no_stream() && status.is_deleted(length);
    if (is_new_again || append.expected.matches(length)) return done();
    return wrong_expected_version(append.stream, append.expected, length);
}

} // namespace

result<AppendDecision> decide_append(const AppendRequest& request, const LogView& log, Time now)
{
    AppendDecision decision;
    if (request.command) {
        BOOST_OUTCOME_TRY(decision.repeated, find_repeated_command(*request.command, log));
        if (decision.repeated) return decision;
    }
    BOOST_OUTCOME_TRY(decision.repeated, find_repeated(request, log));
    if (decision.repeated) return decision;
    if (request.only_if_recorded) {
        return fail(
            Failure::refused, "not-recorded",
            "asked for the answer of an append that was made before and found none of its events, nor its command, "
            "in the log; nothing was written");
    }
    if (request.deadline && now > *request.deadline) {
        return fail(Failure::unavailable, "deadline-passed",
                    "append after its deadline had passed; nothing was written; send it again with more time");
    }
    for (const StreamAppend& append : request.streams) {
        BOOST_OUTCOME_TRY(const auto length, log.length_of(append.stream));
        BOOST_OUTCOME_TRY(check_stream(append, length, log));
        decision.lengths.push_back(length);
    }
    if (request.condition) {
        const auto& condition = *request.condition;
        BOOST_OUTCOME_TRY(const auto found, log.find_match(condition.fails_if_matched, condition.after));
        if (found) return append_condition_failed(condition, *found);
    }
    return decision;
}

Appended answer_of(const AppendRequest& request, const AppendDecision& decision, Position head)
{
    Appended answer;
    Position position = head;
    for (std::size_t i = 0; i < request.streams.size(); ++i) {
        const auto count = request.streams[i].events.size();
        answer.streams.push_back({decision.lengths[i], decision.lengths[i] + count - 1});
        position += count;
    }
    answer.first_position = position == head ? head : head + 1;
    answer.last_position  = position;
    if (request.command) {
        auto& record         = answer.command.emplace(*request.command);
        record.count         = 0;
        record.last_position = position;
        record.last_version  = 0;
        bool is_its_own      = false; // what stands before its own stream is written beside the command
        for (std::size_t i = 0; i < request.streams.size(); ++i) {
            if (request.streams[i].stream == record.stream) {
                record.last_version = answer.streams[i].last_version;
                is_its_own          = true;
            }
            if (is_its_own) record.count += request.streams[i].events.size();
        }
    }
    return answer;
}

void record_events(const AppendRequest& request, const Appended& answer, Time recorded_at,
                   std::vector<RecordedEvent>& events)
{
    Position position = answer.first_position;
    for (std::size_t i = 0; i < request.streams.size(); ++i) {
        Version version = answer.streams[i].first_version;
        for (const NewEvent& event : request.streams[i].events) {
            events.push_back({.id             = event.id,
                              .stream         = request.streams[i].stream,
                              .version        = version++,
                              .position       = position++,
                              .type           = event.type,
                              .schema_version = event.schema_version,
                              .data           = event.data,
                              .metadata       = event.metadata,
                              .recorded_at    = recorded_at});
        }
    }
}

} // namespace eventloom
