#include "exchange/history_writer.hpp"

#include "exchange/cloud_events.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

namespace {

// Of an append that no command asks for: well within the store's limits.
constexpr std::size_t events_together = 256;
constexpr std::size_t bytes_together  = 4u << 20;
constexpr std::size_t gone_together   = 65'536;
// The type of what stands at the position of a removed event, until that position is removed here too.
constexpr std::string_view stand_in = "eventloom.gone";

Error another_event(Position position)
{
    return {Failure::corrupt, "import-differs",
            fmt::format(
                "found that the store does not hold this event at position {}; import into a directory without a store",
                position)};
}

Error another_command(const CommandRecord& command)
{
    return {Failure::corrupt, "import-differs",
            fmt::format("found that the store does not hold the command {} after position {}; import into a directory "
                        "without a store",
                        to_string(command.id), command.last_position)};
}

Error refused(Error error, std::uint64_t first_line)
{
    if (error.kind != Failure::conflict && error.kind != Failure::invalid && error.kind != Failure::refused)
        return error;
    return {
        Failure::invalid, "import-refused",
        fmt::format("found that the store refuses the append that begins in line {}: {}", first_line, error.sentence)};
}

} // namespace

result<void> HistoryWriter::take(RecordedEvent event, std::uint64_t line)
{
    BOOST_OUTCOME_TRY(const auto* standing, next_standing());
    if (standing != nullptr) return compare(event, *standing);
    if (not may_append_) return another_event(event.position);
    // A command may claim the events before it that were recorded together, up to as many as an append may have.
    if (not waiting_.empty() && waiting_.back().event.recorded_at != event.recorded_at) {
        BOOST_OUTCOME_TRY(append_waiting(waiting_.size()));
    }
    bytes_ += event.data.size();
    waiting_.push_back({std::move(event), line});
    if (waiting_.size() <= limits_.append_events && bytes_ <= limits_.append_bytes) return done();
    return append_waiting(1);
}

result<void> HistoryWriter::take(const CommandRecord& command)
{
    BOOST_OUTCOME_TRY(const auto* standing, next_standing());
    if (standing != nullptr) {
        const auto* known = std::get_if<CommandRecord>(standing);
        if (known != nullptr && *known == command) return done();
        return another_command(command);
    }
    if (not may_append_ || command.count > waiting_.size()) return another_command(command);
    BOOST_OUTCOME_TRY(append_waiting(waiting_.size() - command.count));
    return append(command.count, command);
}

result<void> HistoryWriter::finish()
{
    BOOST_OUTCOME_TRY(append_waiting(waiting_.size()));
    BOOST_OUTCOME_TRY(take_out_gone());
    BOOST_OUTCOME_TRY(const auto* standing, next_standing());
    if (standing == nullptr) return done();
    return fail(Failure::corrupt, "import-differs",
                "found that the store holds more than the file; import into a directory without a store");
}

result<const StandingHistory::Entry*> HistoryWriter::next_standing()
{
    if (is_after_standing_) return nullptr;
    BOOST_OUTCOME_TRY(const auto* entry, standing_.next());
    is_after_standing_ = entry == nullptr;
    return entry;
}

// At the position of a removed event a stand-in may still be found.
result<void> HistoryWriter::compare(const RecordedEvent& told, const StandingHistory::Entry& standing)
{
    const auto* event = std::get_if<RecordedEvent>(&standing);
    if (event == nullptr) return another_event(told.position);
    if (*event == told) return done();
    auto found = *event;
    if (not may_append_ || not is_gone(told) || found.type != stand_in) return another_event(told.position);
    found.type.clear();
    if (found != told) return another_event(told.position);
    gone_.push_back(told.position);
    return gone_.size() < gone_together ? done() : take_out_gone();
}

// The first `count` of those that wait: no command claims them.
result<void> HistoryWriter::append_waiting(std::size_t count)
{
    while (count > 0) {
        const auto together = together_in(count);
        BOOST_OUTCOME_TRY(append(together, std::nullopt));
        count -= together;
    }
    return done();
}

// How many of the first `count` make one append: each stream's events stand together.
std::size_t HistoryWriter::together_in(std::size_t count) const
{
    std::vector<std::string_view> streams;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view stream = waiting_[i].event.stream;
        bytes += waiting_[i].event.data.size();
        if (i > 0 && (i == events_together || bytes > bytes_together)) return i;
        if (not streams.empty() && streams.back() == stream) continue;
        if (std::find(streams.begin(), streams.end(), stream) != streams.end()) return i;
        streams.push_back(stream);
    }
    return count;
}

result<void> HistoryWriter::append(std::size_t count, const std::optional<CommandRecord>& command)
{
    AppendRequest request{.command = command};
    std::vector<StreamAppended> places;
    const auto first_line = waiting_.empty() ? 0 : waiting_.front().line;
    const auto first      = store_.head() + 1;
    for (std::size_t i = 0; i < count; ++i) add(request, places, std::move(waiting_[i].event));
    if (count > 0) clock_.tell(recorded_at_);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    auto appended = store_.append(request);
    if (not appended) return refused(std::move(appended.error()), first_line);
    const Appended& answer = appended.value();
    const bool in_place    = count == 0 || answer.first_position == first;
    const bool as_told =
        std::equal(places.begin(), places.end(), answer.streams.begin(), answer.streams.end(),
                   [](const StreamAppended& told, const StreamAppended& found) {
                       return told.first_version == found.first_version && told.last_version == found.last_version;
                   });
    const bool is_as_told = not answer.repeated && in_place && as_told && answer.command == command;
    if (is_as_told) return gone_.size() < gone_together ? done() : take_out_gone();
    return fail(Failure::invalid, "import-refused",
                fmt::format("found that the events from line {} on, or their command, would get other positions than "
                            "the file says; give the unchanged file of the export",
                            first_line));
}

void HistoryWriter::add(AppendRequest& request, std::vector<StreamAppended>& places, RecordedEvent event)
{
    bytes_ -= event.data.size();
    recorded_at_ = event.recorded_at;
    if (request.streams.empty() || request.streams.back().stream != event.stream) {
        request.streams.push_back({event.stream, ExpectedVersion::after(event.version), {}});
        places.push_back({event.version, event.version});
    }
    places.back().last_version = event.version;
    if (is_gone(event)) {
        gone_.push_back(event.position);
        event.type = stand_in;
    }
    request.streams.back().events.push_back({.id             = event.id,
                                             .type           = std::move(event.type),
                                             .schema_version = event.schema_version,
                                             .data           = std::move(event.data),
                                             .metadata       = std::move(event.metadata)});
}

result<void> HistoryWriter::take_out_gone()
{
    if (gone_.empty()) return done();
    BOOST_OUTCOME_TRY(upkeep_.take_out(gone_));
    gone_.clear();
    return done();
}

} // namespace eventloom
