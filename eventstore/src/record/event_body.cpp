#include "record/event_body.hpp"

#include "record/damage.hpp"
#include "record/record_layout.hpp"

#include <xxhash.h>

namespace eventloom {

namespace {

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

} // namespace

std::uint64_t checksum_of(std::string_view bytes)
{
    return XXH3_64bits(bytes.data(), bytes.size());
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

} // namespace eventloom
