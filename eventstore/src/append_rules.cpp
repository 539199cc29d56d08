#include "append_rules.hpp"

namespace eventloom {

namespace {

bool has_content_of(const RecordedEvent& recorded, const NewEvent& event)
{
    return recorded.type == event.type && recorded.schema_version == event.schema_version &&
           recorded.data == event.data && recorded.metadata == event.metadata;
}

Error event_id_taken(const NewEvent& event, const StreamAppend& append, const RecordedEvent& standing)
{
    return {Failure::conflict, "event-id-taken",
            "append the event " + to_string(event.id) + " to " + append.stream + " and found that id at " +
                standing.stream + " version " + std::to_string(standing.version) +
                ", with another place, content or company; send the same events in the same order, or new ids"};
}

// Where the events of one stream stand, if all of them do, one behind the other and with the same content.
result<StreamAppended> standing_place(const StreamAppend& append, const std::vector<Position>& positions,
                                      const LogView& log)
{
    StreamAppended place;
    for (std::size_t i = 0; i < append.events.size(); ++i) {
        const NewEvent& event = append.events[i];
        BOOST_OUTCOME_TRY(const auto standing, log.event_at(positions[i]));
        if (i == 0) place.first_version = standing.version;
        const bool same_place = standing.stream == append.stream && standing.version == place.first_version + i;
        if (not same_place || not has_content_of(standing, event)) return event_id_taken(event, append, standing);
        if (i == 0 && not append.expected.puts_first_at(standing.version)) {
            return event_id_taken(event, append, standing);
        }
        place.last_version = standing.version;
    }
    return place;
}

// The answer of the first time, when the events of the request stand in the log already.
result<std::optional<Appended>> find_repeated(const AppendRequest& request, const LogView& log)
{
    Appended answer;
    answer.repeated     = true;
    answer.command      = request.command;
    std::size_t known   = 0;
    std::size_t unknown = 0;
    for (const StreamAppend& append : request.streams) {
        std::vector<Position> positions;
        for (const NewEvent& event : append.events) {
            BOOST_OUTCOME_TRY(const auto position, log.position_of(event.id));
            if (not position) {
                ++unknown;
            } else {
                positions.push_back(*position);
                ++known;
            }
            if (known > 0 && unknown > 0) {
                const Position somewhere = position ? *position : answer.last_position;
                const Position place     = positions.empty() ? somewhere : positions.back();
                BOOST_OUTCOME_TRY(const auto standing, log.event_at(place));
                return event_id_taken(event, append, standing);
            }
        }
        if (positions.empty()) continue;
        BOOST_OUTCOME_TRY(const auto place, standing_place(append, positions, log));
        answer.streams.push_back(place);
        if (answer.first_position == 0) answer.first_position = positions.front();
        answer.last_position = positions.back();
    }
    if (known == 0) return std::optional<Appended>{};
    return std::optional{std::move(answer)};
}

} // namespace

result<AppendDecision> decide_append(const AppendRequest& request, const LogView& log, Time now)
{
    AppendDecision decision;
    if (request.command) {
        BOOST_OUTCOME_TRY(auto record, log.command(request.command->id));
        if (record) {
            decision.repeated = Appended{.streams        = {},
                                         .first_position = record->last_position - record->count + 1,
                                         .last_position  = record->last_position,
                                         .repeated       = true,
                                         .command        = record};
            return decision;
        }
    }
    BOOST_OUTCOME_TRY(decision.repeated, find_repeated(request, log));
    if (decision.repeated) return decision;
    if (request.deadline && now > *request.deadline) {
        return fail(Failure::unavailable, "deadline-passed",
                    "append after its deadline had passed; nothing was written; send it again with more time");
    }
    for (const StreamAppend& append : request.streams) {
        BOOST_OUTCOME_TRY(const auto length, log.length_of(append.stream));
        if (not append.expected.matches(length)) return wrong_expected_version(append.stream, append.expected, length);
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
        record.count         = position - head;
        record.last_position = position;
        record.last_version  = 0;
        for (std::size_t i = 0; i < request.streams.size(); ++i) {
            if (request.streams[i].stream == record.stream) record.last_version = answer.streams[i].last_version;
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
