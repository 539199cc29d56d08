#include "tested_store.hpp"

namespace bench {

namespace {

void put_sized(std::string& out, std::string_view text)
{
    const auto size = static_cast<std::uint16_t>(text.size());
    out.append(reinterpret_cast<const char*>(&size), sizeof size);
    out.append(text);
}

void put_id(std::string& out, const eventloom::Uuid& id)
{
    out.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
}

} // namespace

void PreparedAppend::add(const std::string& stream, std::uint64_t first_version,
                         std::vector<eventloom::NewEvent> events)
{
    request.streams.push_back({stream, eventloom::ExpectedVersion::after(first_version), std::move(events)});
    first_versions.push_back(first_version);
}

std::uint64_t PreparedAppend::events() const
{
    std::uint64_t events = 0;
    for (const auto& append : request.streams) events += append.events.size();
    return events;
}

// One byte where there is nothing to keep, so that the yardsticks do not write more than they must.
std::string metadata_bytes(const eventloom::Metadata& metadata)
{
    if (metadata == eventloom::Metadata{}) return std::string(1, '\0');
    std::string bytes(1, '\1');
    put_id(bytes, metadata.correlation);
    put_id(bytes, metadata.causation);
    bytes.push_back(static_cast<char>(metadata.tags.size()));
    for (const auto& tag : metadata.tags) put_sized(bytes, tag);
    for (const auto& [name, value] : metadata.headers) {
        put_sized(bytes, name);
        put_sized(bytes, value);
    }
    return bytes;
}

} // namespace bench
