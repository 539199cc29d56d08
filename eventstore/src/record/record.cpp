#include "record/record.hpp"

#include "record/fixed_numbers.hpp"

#include <eventloom/framework/binary_archive.hpp>
#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace eventloom {

namespace {

constexpr std::uint8_t record_version = 2;
// Before a record of that version: what is gone of it.
constexpr std::uint8_t scavenged_version = 3;
constexpr std::size_t wrapper_bytes      = 8;
constexpr std::size_t id_bytes           = 16;
constexpr std::size_t head_bytes         = 40;
constexpr std::size_t entry_bytes        = 12;
constexpr std::size_t checksum_bytes     = 8;

void put(BinaryWriter& out, const Uuid& id)
{
    out.raw({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
}

void take(BinaryReader& in, Uuid& id)
{
    const auto bytes = in.raw(id.bytes.size());
    std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
}

std::uint8_t flags_of(const Metadata& metadata)
{
    std::uint8_t flags = 0;
    if (not metadata.correlation.is_nil()) flags |= body_flags::correlation;
    if (not metadata.causation.is_nil()) flags |= body_flags::causation;
    if (not metadata.tags.empty()) flags |= body_flags::tags;
    if (not metadata.headers.empty()) flags |= body_flags::headers;
    return flags;
}

void put(BinaryWriter& out, const Metadata& metadata, std::uint8_t flags)
{
    if ((flags & body_flags::correlation) != 0) put(out, metadata.correlation);
    if ((flags & body_flags::causation) != 0) put(out, metadata.causation);
    if ((flags & body_flags::tags) != 0) {
        out.unsigned_number(metadata.tags.size());
        for (const auto& tag : metadata.tags) out.text(tag);
    }
    if ((flags & body_flags::headers) != 0) {
        out.unsigned_number(metadata.headers.size());
        for (const auto& [name, value] : metadata.headers) {
            out.text(name);
            out.text(value);
        }
    }
}

void take_metadata(BinaryReader& in, std::uint8_t flags, Metadata& metadata)
{
    metadata.correlation = metadata.causation = Uuid{};
    metadata.tags.clear();
    metadata.headers.clear();
    if ((flags & body_flags::correlation) != 0) take(in, metadata.correlation);
    if ((flags & body_flags::causation) != 0) take(in, metadata.causation);
    if ((flags & body_flags::tags) != 0) {
        for (auto count = in.size(); count > 0; --count) metadata.tags.emplace_back(in.text());
    }
    if ((flags & body_flags::headers) != 0) {
        for (auto count = in.size(); count > 0; --count) {
            std::string name{in.text()};
            metadata.headers.emplace_back(std::move(name), in.text());
        }
    }
}

void take_body(BinaryReader& in, RecordedEvent& event)
{
    take(in, event.id);
    const auto flags = in.byte();
    if ((flags & ~body_flags::known) != 0) in.damaged("it holds what this program does not know");
    event.type           = in.text();
    event.schema_version = in.small_number();
    take_metadata(in, flags, event.metadata);
    event.data = in.raw(in.left());
}

void put_command(BinaryWriter& out, const CommandRecord& command)
{
    out.text(command.stream);
    out.unsigned_number(command.count);
    out.unsigned_number(command.last_version);
    out.unsigned_number(command.last_position);
}

void take_command(BinaryReader& in, CommandRecord& command)
{
    command.stream        = in.text();
    command.count         = in.unsigned_number();
    command.last_version  = in.unsigned_number();
    command.last_position = in.unsigned_number();
}

} // namespace

std::uint64_t checksum_of(std::string_view bytes)
{
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::string format_bytes(std::uint32_t version)
{
    std::string bytes;
    append_big_endian(bytes, version);
    return bytes;
}

void EventBodies::reserve(const AppendRequest& request)
{
    constexpr std::size_t fixed = 64; // id, flags, correlation, causation, and lengths
    std::size_t events          = 0;
    std::size_t most            = 0;
    for (const StreamAppend& append : request.streams) {
        events += append.events.size();
        for (const NewEvent& event : append.events) {
            most += fixed + event.type.size() + event.data.size();
            for (const auto& tag : event.metadata.tags) most += tag.size() + 2;
            for (const auto& [name, value] : event.metadata.headers) most += name.size() + value.size() + 4;
        }
    }
    bytes.reserve(most);
    bodies.reserve(events);
}

void EventBodies::add(const NewEvent& event)
{
    const auto begin = bytes.size();
    const auto flags = flags_of(event.metadata);
    BinaryWriter out{bytes};
    put(out, event.id);
    out.byte(flags);
    out.text(event.type);
    out.unsigned_number(event.schema_version);
    put(out, event.metadata, flags);
    out.raw(event.data);
    bodies.push_back({static_cast<std::uint32_t>(bytes.size()), checksum_of(std::string_view{bytes}.substr(begin))});
}

std::string_view EventBodies::bytes_of(std::size_t event) const
{
    const std::size_t begin = event == 0 ? 0 : bodies[event - 1].end;
    return std::string_view{bytes}.substr(begin, bodies[event].end - begin);
}

void RecordWriter::begin(Position first_position, Time recorded_at, std::uint64_t checksum_before)
{
    first_position_  = first_position;
    recorded_at_     = recorded_at;
    checksum_before_ = checksum_before;
    runs_.clear();
    commands_.clear();
    table_.clear();
    bodies_.clear();
    bytes_ = 0;
}

void RecordWriter::enter_stream(std::string_view stream, Version first_version)
{
    runs_.push_back({stream, first_version, 0});
}

void RecordWriter::add(std::string_view body, std::uint64_t checksum)
{
    ensure(not runs_.empty(), "an event is written before its stream is known");
    ++runs_.back().count;
    bodies_.push_back(body);
    bytes_ += body.size();
    table_.push_back({static_cast<std::uint32_t>(bytes_), checksum});
}

void RecordWriter::add(const CommandRecord& command)
{
    commands_.push_back(command);
}

std::uint64_t RecordWriter::finish(std::string& out)
{
    std::string sections;
    BinaryWriter writer{sections};
    writer.unsigned_number(runs_.size());
    for (const Run& run : runs_) {
        writer.text(run.stream);
        writer.unsigned_number(run.first_version);
        writer.unsigned_number(run.count);
    }
    writer.unsigned_number(commands_.size());
    for (const CommandRecord& command : commands_) {
        put(writer, command.id);
        put_command(writer, command);
    }

    const std::size_t table_bytes = table_.size() * entry_bytes;
    out.clear();
    out.reserve(head_bytes + table_bytes + sections.size() + checksum_bytes + bytes_);
    out.assign(head_bytes + table_bytes, '\0');
    out[0] = static_cast<char>(record_version);
    put_number(&out[4], static_cast<std::uint32_t>(table_.size()));
    put_number(&out[8], checksum_before_);
    put_number(&out[16], first_position_);
    put_number(&out[24], static_cast<std::uint64_t>(recorded_at_.time_since_epoch().count()));
    put_number(&out[32], static_cast<std::uint32_t>(sections.size()));
    put_number(&out[36], static_cast<std::uint32_t>(bytes_));
    char* entry = out.data() + head_bytes;
    for (const auto& body : table_) {
        put_number(entry, body.end);
        put_number(entry + 4, body.checksum);
        entry += entry_bytes;
    }
    out.append(sections);
    const auto checksum = checksum_of(out);
    out.resize(out.size() + checksum_bytes);
    put_number(&out[out.size() - checksum_bytes], checksum);
    for (const auto body : bodies_) out.append(body);
    return checksum;
}

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
        return damaged("its record version " + std::to_string(static_cast<std::uint8_t>(bytes[0])) +
                       " is not known to this program");
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

result<std::string> scavenged(const RecordView& record, const std::vector<bool>& goes)
{
    std::string runs;
    std::string ids;
    std::string bodies;
    std::uint64_t count = 0;
    std::uint64_t next  = 0; // after the run before
    BinaryWriter out{runs};
    for (std::uint64_t number = 0; number < record.events();) {
        const auto first = number;
        for (; number < record.events(); ++number) {
            const Position position = record.first() + number;
            const bool was_gone     = record.is_gone(position);
            if (was_gone) {
                ids.append(record.id_of_gone(position));
                continue;
            }
            BOOST_OUTCOME_TRY(const auto body, record.body_at(position));
            if (not goes[number]) {
                bodies.append(body.bytes);
                break;
            }
            if (body.bytes.size() < id_bytes) return damaged_record(position, "it has no id");
            ids.append(body.bytes.substr(0, id_bytes));
        }
        if (number > first) {
            out.unsigned_number(first - next);
            out.unsigned_number(number - first);
            next = number;
            ++count;
        }
        if (number < record.events()) ++number; // the one that stays
    }
    std::string list;
    BinaryWriter{list}.unsigned_number(count);
    list.append(runs).append(ids);
    std::string bytes(wrapper_bytes, '\0');
    bytes[0] = static_cast<char>(scavenged_version);
    put_number(&bytes[4], static_cast<std::uint32_t>(list.size()));
    bytes.append(list).append(record.head());
    append_number(bytes, checksum_of(bytes));
    return bytes.append(bodies);
}

result<void> decode_body(std::string_view body, Position position, RecordedEvent& event)
{
    try {
        BinaryReader in{body};
        take_body(in, event);
    } catch (const DamagedBytes& damage) {
        return damaged_record(position, damage.what());
    }
    return done();
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

std::string encode_command(const CommandRecord& record)
{
    std::string bytes;
    BinaryWriter writer{bytes};
    writer.byte(command_version);
    put_command(writer, record);
    append_big_endian(bytes, checksum_of(bytes));
    return bytes;
}

result<CommandRecord> decode_command(std::string_view bytes, const Uuid& id)
{
    const auto damaged = [&](std::string_view found) {
        return Error{Failure::corrupt, "damaged-command-record",
                     "read the record of the command " + to_string(id) + " and found that " + std::string{found} +
                         "; run store verify"};
    };
    if (bytes.size() < checksum_bytes) return damaged("it is too short");
    const auto content = bytes.substr(0, bytes.size() - checksum_bytes);
    if (checksum_of(content) != read_big_endian(bytes.substr(content.size()))) {
        return damaged("its checksum does not match");
    }
    try {
        CommandRecord record;
        BinaryReader reader{content};
        if (reader.byte() != command_version) return damaged("its version is not known to this program");
        record.id = id;
        take_command(reader, record);
        reader.finish();
        return record;
    } catch (const DamagedBytes& damage) {
        return damaged(damage.what());
    }
}

} // namespace eventloom
