// What is kept outside of the log and read back: lines of an export, lists of a backup, notes and parts of personal data.
#include "targets.hpp"

#include "backup/backup_manifest.hpp"
#include "exchange/cloud_events.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/personal_parts.hpp>

namespace eventloom::fuzz {

namespace {

void line_of_export(std::string_view bytes)
{
    const auto read = cloud_events::read_line(bytes);
    if (not read) return;
    const auto& line = read.value();
    const auto again =
        std::visit([&](const auto& content) { return cloud_events::line_of(content, line.number); }, line.content);
    ensure(cloud_events::is_line(again, line.number), "a line that was written is not known by its checksum");
    const auto once_more = cloud_events::read_line(again);
    ensure(once_more.has_value() && once_more.value().content == line.content,
           "a line changes when it is written again");
}

void list_of_backup(std::string_view bytes)
{
    const auto list = decode_manifest(bytes, "list");
    if (list) ensure(encode(list.value()) == bytes, "a list of a backup changes when it is written again");
}

void personal_data(std::string_view bytes)
{
    if (const auto note = PersonalNote::parse(bytes)) {
        const auto again = PersonalNote::parse(note->text());
        ensure(again && again->text() == note->text(), "a note of personal data changes when it is written again");
    }
    for (std::size_t place = 0; place < bytes.size(); ++place) {
        const auto part = personal_part_at(bytes, place);
        ensure(not part || part->size <= bytes.size() - place, "a part of personal data goes beyond its event");
    }
}

} // namespace

void kept(std::string_view bytes)
{
    line_of_export(bytes);
    list_of_backup(bytes);
    personal_data(bytes);
}

} // namespace eventloom::fuzz
