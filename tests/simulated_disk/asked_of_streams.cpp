#include "simulated_disk/asked_of_streams.hpp"

namespace eventloom::testing {

void AskedOfStreams::take(const RecordedEvent& event)
{
    const auto stream = asked_in(event.stream);
    if (stream.empty()) return;
    auto said = stream_status_of(event.type, event.schema_version, event.data);
    by_stream_[stream].push_back({event.position, said.value()});
}

StreamStatus AskedOfStreams::before(const std::string& stream, Position position) const
{
    StreamStatus status;
    const auto found = by_stream_.find(stream);
    if (found == by_stream_.end()) return status;
    for (const Asked& asked : found->second) {
        if (asked.position < position) status = asked.status;
    }
    return status;
}

StreamStatus AskedOfStreams::now(const std::string& stream) const
{
    const auto found = by_stream_.find(stream);
    return found == by_stream_.end() ? StreamStatus{} : found->second.back().status;
}

std::string asked_in(const std::string& stream)
{
    const std::string prefix = "$stream-";
    return stream.starts_with(prefix) ? stream.substr(prefix.size()) : "";
}

bool is_begun_anew(const StreamStatus& asked, std::uint64_t length)
{
    return asked.limits.truncate_before && *asked.limits.truncate_before >= length;
}

bool hides(const StreamStatus& asked, std::uint64_t length, const RecordedEvent& event, Time now)
{
    const auto& limits = asked.limits;
    if (asked.tombstoned) return true;
    if (limits.truncate_before && event.version < *limits.truncate_before) return true;
    if (limits.max_count && event.version + *limits.max_count < length) return true;
    return limits.max_age && event.recorded_at + *limits.max_age < now;
}

} // namespace eventloom::testing
