#include "read/stream_settings.hpp"

#include "record/damage.hpp"

namespace eventloom {

namespace {

constexpr std::size_t known_max = 4096; // streams
constexpr std::size_t page      = 16;   // of positions

} // namespace

result<Position> StreamSettingsReader::position_of(const IndexView& view, std::string_view stream,
                                                   Position before) const
{
    if (not index_.has_settings(view)) return 0;
    const auto settings = settings_stream_of(stream);
    BOOST_OUTCOME_TRY(const auto length, index_.length_of(view, settings, std::numeric_limits<Position>::max()));
    for (std::uint64_t left = length; left > 0;) {
        BOOST_OUTCOME_TRY(const auto places, index_.of_stream(view, settings, left - 1, Direction::backwards, page));
        for (const Position position : places.positions) {
            if (position < before) return position;
        }
        if (places.positions.empty()) break;
        left -= std::min<std::uint64_t>(left, places.positions.size());
    }
    return 0;
}

result<StreamStatus> StreamSettingsReader::status_at(Position position, std::string_view stream) const
{
    if (position == 0) return StreamStatus{};
    {
        const std::lock_guard lock{mutex_};
        const auto known = known_.find(stream);
        if (known != known_.end() && known->second.position == position) return known->second.status;
    }
    BOOST_OUTCOME_TRY(const auto event, read_(position));
    BOOST_OUTCOME_TRY(const auto status, stream_status_of(event.type, event.schema_version, event.data));
    const std::lock_guard lock{mutex_};
    if (known_.size() >= known_max) known_.clear();
    known_.insert_or_assign(std::string{stream}, Known{position, status});
    return status;
}

result<StreamStatus> StreamSettingsReader::status_of(const IndexView& view, std::string_view stream,
                                                     Position before) const
{
    BOOST_OUTCOME_TRY(const auto position, position_of(view, stream, before));
    return status_at(position, stream);
}

} // namespace eventloom
