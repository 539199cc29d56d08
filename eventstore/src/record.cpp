#include "record.hpp"

#include <eventloom/framework/binary_archive.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <xxhash.h>

#include <algorithm>

namespace eventloom {

namespace {

constexpr std::uint8_t record_version = 1;
constexpr std::size_t checksum_bytes  = 8;

std::uint64_t checksum_of(std::string_view bytes)
{
    return XXH3_64bits(bytes.data(), bytes.size());
}

void put(BinaryWriter& out, const Uuid& id)
{
    out.raw({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
}

void put_big_endian(std::string& out, std::uint64_t number)
{
    append_big_endian(out, number);
}

Uuid take_id(BinaryReader& in)
{
    Uuid id;
    const auto bytes = in.raw(id.bytes.size());
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(id.bytes.data()));
    return id;
}

void put(BinaryWriter& out, const Metadata& metadata)
{
    put(out, metadata.correlation);
    put(out, metadata.causation);
    out.unsigned_number(metadata.tags.size());
    for (const auto& tag : metadata.tags) out.text(tag);
    out.unsigned_number(metadata.headers.size());
    for (const auto& [name, value] : metadata.headers) {
        out.text(name);
        out.text(value);
    }
}

void take_metadata(BinaryReader& in, Metadata& metadata)
{
    metadata.correlation = take_id(in);
    metadata.causation   = take_id(in);
    metadata.tags.clear();
    metadata.headers.clear();
    for (auto count = in.size(); count > 0; --count) metadata.tags.emplace_back(in.text());
    for (auto count = in.size(); count > 0; --count) {
        std::string name{in.text()};
        metadata.headers.emplace_back(std::move(name), in.text());
    }
}

void take_record(BinaryReader& in, Position position, RecordedEvent& event)
{
    if (in.unsigned_number() != position) in.damaged("it is the record of another position");
    event.position = position;
    event.version  = in.unsigned_number();
    event.stream   = in.text();
    event.id       = take_id(in);
    event.type     = in.text();
    load(in, event.schema_version);
    std::int64_t microseconds = 0;
    load(in, microseconds);
    event.recorded_at = Time{Duration{microseconds}};
    take_metadata(in, event.metadata);
    event.data = in.text();
    in.finish();
}

} // namespace

std::uint64_t encode_record(const RecordedEvent& event, std::uint64_t checksum_before, std::string& out)
{
    const std::size_t begin = out.size();
    out.push_back(static_cast<char>(record_version));
    put_big_endian(out, checksum_before);
    BinaryWriter writer{out};
    writer.unsigned_number(event.position);
    writer.unsigned_number(event.version);
    writer.text(event.stream);
    put(writer, event.id);
    writer.text(event.type);
    writer.unsigned_number(event.schema_version);
    save(writer, std::int64_t{event.recorded_at.time_since_epoch().count()});
    put(writer, event.metadata);
    writer.text(event.data);
    const auto checksum = checksum_of(std::string_view{out}.substr(begin));
    put_big_endian(out, checksum);
    return checksum;
}

result<Chain> decode_record(std::string_view bytes, Position position, RecordedEvent& event)
{
    constexpr std::size_t head_bytes = 1 + checksum_bytes;
    if (bytes.size() < head_bytes + checksum_bytes) return damaged_record(position, "it is too short");
    const auto content = bytes.substr(0, bytes.size() - checksum_bytes);
    const Chain chain{.before = read_big_endian(bytes.substr(1)), .own = read_big_endian(bytes.substr(content.size()))};
    if (checksum_of(content) != chain.own) return damaged_record(position, "its checksum does not match");
    if (static_cast<std::uint8_t>(bytes[0]) != record_version) {
        return damaged_record(position, "its record version " + std::to_string(static_cast<std::uint8_t>(bytes[0])) +
                                            " is not known to this program");
    }
    try {
        BinaryReader reader{content.substr(head_bytes)};
        take_record(reader, position, event);
    } catch (const DamagedBytes& damage) {
        return damaged_record(position, damage.what());
    }
    return chain;
}

std::string encode_command(const CommandRecord& record)
{
    std::string bytes;
    BinaryWriter writer{bytes};
    writer.byte(record_version);
    writer.text(record.stream);
    writer.unsigned_number(record.count);
    writer.unsigned_number(record.last_version);
    writer.unsigned_number(record.last_position);
    put_big_endian(bytes, checksum_of(bytes));
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
        if (reader.byte() != record_version) return damaged("its version is not known to this program");
        record.id            = id;
        record.stream        = reader.text();
        record.count         = reader.unsigned_number();
        record.last_version  = reader.unsigned_number();
        record.last_position = reader.unsigned_number();
        reader.finish();
        return record;
    } catch (const DamagedBytes& damage) {
        return damaged(damage.what());
    }
}

Error damaged_record(Position position, std::string_view found)
{
    return {Failure::corrupt, "damaged-record",
            "read the event at position " + std::to_string(position) + " and found that " + std::string{found} +
                "; run store verify, and restore a backup"};
}

Error missing_record(Position position)
{
    return {Failure::corrupt, "missing-record",
            "read the event at position " + std::to_string(position) +
                " and found no record there; run store verify, and restore a backup"};
}

} // namespace eventloom
