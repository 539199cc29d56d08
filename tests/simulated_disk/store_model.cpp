#include "simulated_disk/store_model.hpp"

#include <algorithm>
#include <array>

namespace eventloom::testing {

namespace {

// Events that stand already, but not as the request has them; the store says which and how.
constexpr const char* known_otherwise = "events known otherwise";

bool says_what_differs(const std::string& code)
{
    const std::array codes{"events-partly-present",    "events-in-another-order",  "event-in-another-stream",
                           "event-with-other-content", "event-at-another-version", "events-without-their-command"};
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool same_content(const RecordedEvent& recorded, const NewEvent& event)
{
    return recorded.id == event.id && recorded.type == event.type && recorded.schema_version == event.schema_version &&
           recorded.data == event.data && recorded.metadata == event.metadata;
}

bool is_as_expected(const ExpectedVersion& expected, std::uint64_t count)
{
    if (expected == ExpectedVersion::any()) return true;
    if (expected == ExpectedVersion::no_stream()) return count == 0;
    if (expected == ExpectedVersion::stream_exists()) return count > 0;
    return count > 0 && expected == ExpectedVersion::exactly(count - 1);
}

// A deleted stream is as good as none.
bool is_as_expected(const ExpectedVersion& expected, std::uint64_t count, const StreamStatus& asked)
{
    return is_as_expected(expected, count) || (expected == ExpectedVersion::no_stream() && is_begun_anew(asked, count));
}

bool matches(const EventQuery& query, const RecordedEvent& event)
{
    if (query.items.empty()) return true;
    const auto has = [](const std::vector<std::string>& all, const std::string& one) {
        return std::find(all.begin(), all.end(), one) != all.end();
    };
    return std::any_of(query.items.begin(), query.items.end(), [&](const QueryItem& item) {
        return (item.types.empty() || has(item.types, event.type)) &&
               std::all_of(item.tags.begin(), item.tags.end(),
                           [&](const std::string& tag) { return has(event.metadata.tags, tag); });
    });
}

std::size_t events_in(const AppendRequest& request)
{
    std::size_t events = 0;
    for (const auto& append : request.streams) events += append.events.size();
    return events;
}

} // namespace

bool same_event(const RecordedEvent& event, const RecordedEvent& of_model)
{
    if (of_model.recorded_at != Time{}) return event == of_model;
    auto expected        = of_model;
    expected.recorded_at = event.recorded_at;
    return event == expected;
}

bool StoreModel::take_times_from(const EventStore& store)
{
    const auto cursor = store.read({.from = timed_ + 1});
    for (;;) {
        const auto next = cursor->next();
        if (not next) return false;
        if (next.value() == nullptr || next.value()->position > head()) return true;
        timed_                          = next.value()->position;
        events_[timed_ - 1].recorded_at = next.value()->recorded_at;
    }
}

std::uint64_t StoreModel::length(const std::string& stream) const
{
    const auto found = streams_.find(stream);
    return found == streams_.end() ? 0 : found->second.size();
}

// Whether the events of one stream stand there already, as this request would have put them.
bool StoreModel::stands(const StreamAppend& append, Answer& answer) const
{
    StreamAppended place;
    for (std::size_t i = 0; i < append.events.size(); ++i) {
        const Position position = ids_.at(append.events[i].id);
        const auto& there       = events_[position - 1];
        if (i == 0) place.first_version = there.version;
        if (there.stream != append.stream || there.version != place.first_version + i) return false;
        if (position <= answer.last) return false;
        if (not gone_.contains(position) && not same_content(there, append.events[i])) return false;
        if (answer.first == 0) answer.first = position;
        answer.last        = position;
        place.last_version = there.version;
    }
    if (append.events.empty()) return true;
    answer.streams.push_back(place);
    return is_as_expected(append.expected, place.first_version, asked_.before(append.stream, answer.first));
}

// The answer of an append of which at least one event is known.
std::optional<StoreModel::Answer> StoreModel::standing(const AppendRequest& request) const
{
    std::size_t known = 0;
    for (const auto& append : request.streams) {
        for (const auto& event : append.events) known += ids_.count(event.id);
    }
    if (known == 0) return std::nullopt;
    Answer answer{.repeated = true};
    const bool all =
        known == events_in(request) && std::all_of(request.streams.begin(), request.streams.end(),
                                                   [&](const StreamAppend& append) { return stands(append, answer); });
    return all && not request.command ? answer : Answer{.code = known_otherwise};
}

// Empty: it is taken.
std::string StoreModel::refusal_of(const StreamAppend& append) const
{
    const auto asked     = asked_.now(append.stream);
    const bool is_due    = is_as_expected(append.expected, length(append.stream), asked);
    const bool has_ended = asked.tombstoned || asked_.now(asked_in(append.stream)).tombstoned;
    // Of what is asked of a stream the version is looked at first.
    if (has_ended && (is_due || asked_in(append.stream).empty())) return "stream-tombstoned";
    return is_due ? "" : "wrong-expected-version";
}

StoreModel::Answer StoreModel::expect(const AppendRequest& request) const
{
    if (request.command) {
        if (const auto known = commands_.find(request.command->id); known != commands_.end()) {
            const auto& record = known->second;
            if (record.stream != request.command->stream) return {.code = "command-id-taken"};
            const auto first = record.last_position - record.count + (record.count == 0 ? 0 : 1);
            return {.repeated = true, .first = first, .last = record.last_position};
        }
    }
    if (auto answer = standing(request)) return *answer;
    for (const auto& append : request.streams) {
        if (auto code = refusal_of(append); not code.empty()) return {.code = std::move(code)};
    }
    if (request.condition) {
        for (Position at = request.condition->after + 1; at <= head(); ++at) {
            if (not gone_.contains(at) && matches(request.condition->fails_if_matched, events_[at - 1])) {
                return {.code = "append-condition-failed"};
            }
        }
    }
    Answer answer;
    answer.last  = head() + events_in(request);
    answer.first = answer.last == head() ? head() : head() + 1;
    for (const auto& append : request.streams) {
        const auto first = length(append.stream);
        answer.streams.push_back({first, first + append.events.size() - 1});
    }
    return answer;
}

void StoreModel::take(const AppendRequest& request)
{
    const auto answer = expect(request);
    if (not answer.code.empty() || answer.repeated) return;
    for (const auto& append : request.streams) {
        for (const NewEvent& event : append.events) {
            auto& stream = streams_[append.stream];
            events_.push_back({.id             = event.id,
                               .stream         = append.stream,
                               .version        = stream.size(),
                               .position       = events_.size() + 1,
                               .type           = event.type,
                               .schema_version = event.schema_version,
                               .data           = event.data,
                               .metadata       = event.metadata,
                               .recorded_at    = {}});
            stream.push_back(events_.size());
            ids_[event.id] = events_.size();
            asked_.take(events_.back());
        }
    }
    if (not request.command) return;
    auto record          = *request.command;
    record.count         = 0;
    record.last_position = head();
    record.last_version  = 0;
    for (std::size_t i = request.streams.size(); i-- > 0;) {
        record.count += request.streams[i].events.size();
        if (request.streams[i].stream != record.stream) continue;
        record.last_version = answer.streams[i].last_version;
        break; // what stands before it is beside the command
    }
    commands_[record.id] = record;
}

std::vector<Position> StoreModel::matching(const ReadRequest& request) const
{
    const bool forwards  = request.direction == Direction::forwards;
    const bool is_stream = request.scope.kind() == Scope::Kind::stream;
    std::vector<Position> found;
    for (const auto& event : events_) {
        const auto place = is_stream ? event.version : event.position;
        if (request.from && (forwards ? place < *request.from : place > *request.from)) continue;
        const bool wanted = request.scope.kind() == Scope::Kind::everything ||
                            (is_stream && event.stream == request.scope.name() && not is_hidden(event)) ||
                            (request.scope.kind() == Scope::Kind::category &&
                             event.stream.substr(0, event.stream.find('-')) == request.scope.name()) ||
                            (request.scope.kind() == Scope::Kind::query && matches(request.scope.query(), event));
        if (wanted && not gone_.contains(event.position)) found.push_back(event.position);
    }
    if (not forwards) std::reverse(found.begin(), found.end());
    if (found.size() > request.limit) found.resize(request.limit);
    return found;
}

std::string wrong_answer(const StoreModel::Answer& expected, const result<Appended>& answer)
{
    if (not answer) {
        const auto& code = answer.error().code;
        if (code == expected.code || (expected.code == known_otherwise && says_what_differs(code))) return "";
        return "answered " + answer.error().code + " instead of \"" + expected.code + "\": " + answer.error().sentence;
    }
    const auto& placed = answer.value();
    if (not expected.code.empty()) return "taken instead of " + expected.code;
    if (placed.repeated != expected.repeated) return placed.repeated ? "taken for known" : "known, and not noticed";
    if (placed.first_position != expected.first || placed.last_position != expected.last) {
        return "put at " + std::to_string(placed.first_position) + " to " + std::to_string(placed.last_position) +
               " instead of " + std::to_string(expected.first) + " to " + std::to_string(expected.last);
    }
    if (expected.repeated && expected.streams.empty()) return ""; // by its command: the places are in its record
    for (std::size_t i = 0; i < expected.streams.size(); ++i) {
        if (placed.streams.size() != expected.streams.size() ||
            placed.streams[i].first_version != expected.streams[i].first_version ||
            placed.streams[i].last_version != expected.streams[i].last_version) {
            return "put at other versions of its streams";
        }
    }
    return "";
}

std::string wrong_reading(const EventStore& store, const StoreModel& model, const ReadRequest& request)
{
    const auto cursor = store.read(request);
    for (const Position position : model.matching(request)) {
        const auto next = cursor->next();
        if (not next) return "reading gave " + next.error().code + ": " + next.error().sentence;
        if (next.value() == nullptr) return "reading ended before position " + std::to_string(position);
        if (not same_event(*next.value(), model.events()[position - 1])) {
            return "reading gave another event than that of position " + std::to_string(position);
        }
    }
    const auto end = cursor->next();
    if (not end) return "reading ended with " + end.error().code + ": " + end.error().sentence;
    return end.value() == nullptr ? "" : "reading gave more than there is";
}

std::string difference(const EventStore& store, const StoreModel& model)
{
    if (store.head() != model.head()) {
        return "the head is " + std::to_string(store.head()) + " instead of " + std::to_string(model.head());
    }
    if (auto wrong = wrong_reading(store, model, {}); not wrong.empty()) return wrong;
    for (const auto& [stream, positions] : model.streams()) {
        const auto length = store.stream_length(stream);
        if (not length) return length.error().sentence;
        if (length.value() != positions.size()) return "the length of " + stream + " is another";
        auto wrong = wrong_reading(store, model, {.scope = Scope::stream(stream)});
        if (not wrong.empty()) return stream + ": " + wrong;
    }
    for (const auto& [id, record] : model.commands()) {
        const auto found = store.find_command(id);
        if (not found) return found.error().sentence;
        if (not found.value()) return "a command is not known";
        if (not(*found.value() == record)) return "the record of a command is another";
    }
    return "";
}

std::string settle(const EventStore& store, StoreModel& model, const std::vector<AppendRequest>& in_doubt)
{
    if (store.head() < model.head()) {
        return "acknowledged events are lost: the head is " + std::to_string(store.head()) + " instead of " +
               std::to_string(model.head());
    }
    std::vector<Uuid> found;
    const auto cursor = store.read({.from = model.head() + 1});
    for (;;) {
        const auto next = cursor->next();
        if (not next) return "reading gave " + next.error().code + ": " + next.error().sentence;
        if (next.value() == nullptr) break;
        found.push_back(next.value()->id);
    }
    std::size_t at = 0;
    for (const auto& request : in_doubt) {
        const auto answer = model.expect(request);
        if (not answer.code.empty() || answer.repeated) continue;
        std::vector<Uuid> ids;
        for (const auto& append : request.streams) {
            for (const auto& event : append.events) ids.push_back(event.id);
        }
        bool there = at + ids.size() <= found.size() &&
                     std::equal(ids.begin(), ids.end(), found.begin() + static_cast<std::ptrdiff_t>(at));
        if (ids.empty()) {
            const auto command = store.find_command(request.command->id);
            if (not command) return command.error().sentence;
            there = command.value().has_value();
        }
        if (not there) continue;
        model.take(request);
        at += ids.size();
    }
    if (at != found.size()) return "there is part of an append, or an event that nobody appended";
    model.take_times_from(store);
    return difference(store, model);
}

} // namespace eventloom::testing
