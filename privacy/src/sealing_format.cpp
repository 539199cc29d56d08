#include "sealing_format.hpp"

#include <eventloom/framework/binary_archive.hpp>

namespace eventloom {

std::string part_context(const Uuid& id, std::string_view stream, std::string_view type, std::uint32_t schema_version,
                         const PersonalNote& note, std::size_t part)
{
    std::string context;
    BinaryWriter writer{context};
    writer.text("part");
    writer.raw({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
    writer.text(stream);
    writer.text(type);
    writer.unsigned_number(schema_version);
    writer.text(note.subject);
    writer.unsigned_number(note.key_version);
    writer.unsigned_number(part);
    return context;
}

} // namespace eventloom
