#include "record/record.hpp"

#include "record/fixed_numbers.hpp"
#include "record/record_layout.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/storage/ordered_key.hpp>

namespace eventloom {

std::string format_bytes(std::uint32_t version)
{
    std::string bytes;
    append_big_endian(bytes, version);
    return bytes;
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

} // namespace eventloom
