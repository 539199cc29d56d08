#include "record/command_record.hpp"

#include "record/event_body.hpp"
#include "record/record_layout.hpp"

#include <eventloom/storage/ordered_key.hpp>

namespace eventloom {

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
