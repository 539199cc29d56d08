#include "record/record.hpp"

#include "record/fixed_numbers.hpp"
#include "record/record_layout.hpp"

#include <eventloom/framework/detail/ensure.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

namespace eventloom {

result<void> RecordView::parse(std::string_view bytes, Position last_position)
{
    const auto damaged = [&](std::string_view found) { return damaged_record(last_position, found); };
    events_            = 0;
    gone_.clear();
    gone_ids_              = {};
    const auto stored      = bytes;
    const bool is_wrapped  = not bytes.empty() && static_cast<std::uint8_t>(bytes[0]) == scavenged_version;
    std::size_t list_bytes = 0;
    if (is_wrapped) {
        if (bytes.size() < wrapper_bytes) return damaged("it is too short");
        list_bytes = number_at<std::uint32_t>(&bytes[4]);
        if (bytes.size() - wrapper_bytes < list_bytes) return damaged("its length is not what it says");
        bytes.remove_prefix(wrapper_bytes + list_bytes);
    }
    if (bytes.size() < head_bytes + checksum_bytes) return damaged("it is too short");
    if (static_cast<std::uint8_t>(bytes[0]) != record_version) {
        return damaged(
            fmt::format("its record version {} is not known to this program", static_cast<std::uint8_t>(bytes[0])));
    }
    const std::uint64_t events        = number_at<std::uint32_t>(&bytes[4]);
    const std::uint64_t section_bytes = number_at<std::uint32_t>(&bytes[32]);
    const std::uint64_t body_bytes    = number_at<std::uint32_t>(&bytes[36]);
    const std::uint64_t table_bytes   = events * entry_bytes;
    const std::uint64_t checked_bytes = head_bytes + table_bytes + section_bytes;
    const std::size_t seal_bytes      = is_wrapped ? checksum_bytes : 0;
    const std::uint64_t least_bytes   = checked_bytes + checksum_bytes + seal_bytes;
    if (bytes.size() < least_bytes || (not is_wrapped && bytes.size() != least_bytes + body_bytes)) {
        return damaged("its length is not what it says");
    }
    chain_ = {.before = number_at<std::uint64_t>(&bytes[8]), .own = number_at<std::uint64_t>(&bytes[checked_bytes])};
    if (checksum_of(bytes.substr(0, checked_bytes)) != chain_.own) return damaged("its checksum does not match");
    head_ = bytes.substr(0, checked_bytes + checksum_bytes);
    if (is_wrapped) {
        const auto sealed = stored.substr(0, wrapper_bytes + list_bytes + head_.size());
        if (checksum_of(sealed) != number_at<std::uint64_t>(&bytes[head_.size()])) {
            return damaged("the checksum of what is gone of it does not match");
        }
    }
    first_ = number_at<std::uint64_t>(&bytes[16]);
    if (first_ + events - 1 != last_position) return damaged("it is the record of another position");
    recorded_at_ = Time{Duration{static_cast<std::int64_t>(number_at<std::uint64_t>(&bytes[24]))}};
    table_       = bytes.substr(head_bytes, table_bytes);
    bodies_      = bytes.substr(least_bytes);
    try {
        events_ = events;
        parse_runs(bytes.substr(head_bytes + table_bytes, section_bytes));
        if (is_wrapped) {
            parse_gone(stored.substr(wrapper_bytes, list_bytes));
            if (bodies_.size() + bytes_gone() != body_bytes) {
                events_ = 0;
                return damaged("its length is not what it says");
            }
        }
    } catch (const DamagedBytes& damage) {
        events_ = 0;
        return damaged(damage.what());
    }
    return done();
}

void RecordView::parse_runs(std::string_view sections)
{
    runs_.clear();
    run_at_ = 0;
    BinaryReader in{sections};
    std::uint64_t events = 0;
    for (auto count = in.size(); count > 0; --count) {
        Run run;
        run.stream        = in.text();
        run.first_version = in.unsigned_number();
        run.first_event   = events;
        events += in.unsigned_number();
        runs_.push_back(run);
    }
    if (events != events_) in.damaged("it names streams for another number of events");
    commands_ = sections.substr(sections.size() - in.left());
}

void RecordView::parse_gone(std::string_view list)
{
    BinaryReader in{list};
    std::uint64_t next   = 0;
    std::uint64_t events = 0;
    std::size_t bytes    = 0;
    for (auto count = in.size(); count > 0; --count) {
        GoneRun run;
        run.first = next + in.unsigned_number();
        run.count = in.unsigned_number();
        if (run.first < next || run.count == 0 || run.first >= events_ || run.count > events_ - run.first) {
            in.damaged("it says of events that are not in it that they are gone");
        }
        const auto begin  = run.first == 0 ? 0 : end_of(run.first - 1);
        const auto end    = end_of(run.first + run.count - 1);
        run.events_before = events;
        run.bytes_before  = bytes;
        if (end < begin) in.damaged("the places of what is gone are damaged");
        run.bytes = end - begin;
        next      = run.first + run.count;
        events += run.count;
        bytes += run.bytes;
        gone_.push_back(run);
    }
    gone_ids_ = list.substr(list.size() - in.left());
    if (gone_ids_.size() != events * id_bytes) in.damaged("it has ids of another number of events than are gone");
}

std::size_t RecordView::end_of(std::uint64_t event) const
{
    return number_at<std::uint32_t>(table_.data() + event * entry_bytes);
}

const RecordView::GoneRun* RecordView::gone_at_or_before(std::uint64_t event) const
{
    const auto after = std::upper_bound(gone_.begin(), gone_.end(), event,
                                        [](auto wanted, const GoneRun& run) { return wanted < run.first; });
    return after == gone_.begin() ? nullptr : &*std::prev(after);
}

bool RecordView::is_gone(Position position) const
{
    if (gone_.empty()) return false;
    const auto event = position - first_;
    const auto* run  = gone_at_or_before(event);
    return run != nullptr && event - run->first < run->count;
}

std::string_view RecordView::id_of_gone(Position position) const
{
    const auto event = position - first_;
    const auto* run  = gone_at_or_before(event);
    return gone_ids_.substr((run->events_before + (event - run->first)) * id_bytes, id_bytes);
}

const RecordView::Run& RecordView::run_of(std::uint64_t event) const
{
    const auto is_in = [&](std::size_t run) {
        return runs_[run].first_event <= event && (run + 1 == runs_.size() || runs_[run + 1].first_event > event);
    };
    if (not is_in(run_at_) && run_at_ + 1 < runs_.size() && is_in(run_at_ + 1)) ++run_at_;
    if (not is_in(run_at_)) {
        const auto after = std::upper_bound(runs_.begin(), runs_.end(), event,
                                            [](auto wanted, const Run& run) { return wanted < run.first_event; });
        run_at_          = static_cast<std::size_t>(after - runs_.begin()) - 1;
    }
    return runs_[run_at_];
}

result<RecordView::Body> RecordView::body_at(Position position) const
{
    ensure(holds(position), "an event is taken from a record that does not hold it");
    const auto number = position - first_;
    const char* entry = table_.data() + number * entry_bytes;
    std::size_t end   = end_of(number);
    std::size_t from  = number == 0 ? 0 : end_of(number - 1);
    if (const auto* run = gone_.empty() ? nullptr : gone_at_or_before(number)) {
        ensure(number - run->first >= run->count, "the body of an event is asked for that is gone");
        const auto bytes_gone = run->bytes_before + run->bytes;
        if (from < bytes_gone || end < bytes_gone)
            return damaged_record(position, "its place in the record is damaged");
        from -= bytes_gone;
        end -= bytes_gone;
    }
    if (from > end || end > bodies_.size()) return damaged_record(position, "its place in the record is damaged");
    const auto [stream, version] = place_of(position);
    const Body body{bodies_.substr(from, end - from), stream, version, number_at<std::uint64_t>(entry + 4)};
    if (checksum_of(body.bytes) != body.checksum) return damaged_record(position, "its checksum does not match");
    return body;
}

RecordView::Place RecordView::place_of(Position position) const
{
    const auto number = position - first_;
    const Run& run    = run_of(number);
    return {run.stream, run.first_version + (number - run.first_event)};
}

Position RecordView::last_together(Position position) const
{
    run_of(position - first_);
    return first_ + (run_at_ + 1 == runs_.size() ? events_ : runs_[run_at_ + 1].first_event) - 1;
}

result<void> RecordView::take(Position position, RecordedEvent& event) const
{
    if (is_gone(position)) {
        const auto place = place_of(position);
        const auto id    = id_of_gone(position);
        event            = RecordedEvent{};
        std::memcpy(event.id.bytes.data(), id.data(), id.size());
        event.stream      = place.stream;
        event.version     = place.version;
        event.position    = position;
        event.recorded_at = recorded_at_;
        return done();
    }
    BOOST_OUTCOME_TRY(const auto body, body_at(position));
    event.stream      = body.stream;
    event.version     = body.version;
    event.position    = position;
    event.recorded_at = recorded_at_;
    return decode_body(body.bytes, position, event);
}

result<std::vector<CommandRecord>> RecordView::commands() const
{
    std::vector<CommandRecord> commands;
    try {
        BinaryReader in{commands_};
        for (auto count = in.size(); count > 0; --count) {
            CommandRecord& command = commands.emplace_back();
            eventloom::take(in, command.id);
            take_command(in, command);
        }
        in.finish();
    } catch (const DamagedBytes& damage) {
        return damaged_record(first_, damage.what());
    }
    return commands;
}

} // namespace eventloom
