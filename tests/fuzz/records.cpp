// Records, command records and lists of positions, first as they come and then with correct checksums, as an
// attacker would write them: otherwise the code after a check of a checksum would never be reached.
#include "targets.hpp"

#include "index/position_list.hpp"
#include "record/record.hpp"

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <xxhash.h>

#include <algorithm>

namespace {

using namespace eventloom;

// docs/format.md, "Records".
constexpr std::size_t head_bytes     = 40;
constexpr std::size_t entry_bytes    = 12;
constexpr std::size_t checksum_bytes = 8;

void put_little_endian(std::string& bytes, std::size_t at, std::uint64_t number, std::size_t size)
{
    for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(number >> (8 * i));
}

std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t size)
{
    std::uint64_t number = 0;
    for (std::size_t i = size; i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
    return number;
}

std::uint64_t checksum_of(std::string_view bytes)
{
    return XXH3_64bits(bytes.data(), bytes.size());
}

// A record of the same length with lengths that fit and checksums that are right.
std::string sealed(std::string bytes)
{
    if (bytes.size() < head_bytes + checksum_bytes) return bytes;
    const std::size_t room     = bytes.size() - head_bytes - checksum_bytes;
    const std::size_t events   = std::min<std::size_t>(little_endian(bytes, 4, 4), room / entry_bytes);
    const std::size_t table    = events * entry_bytes;
    const std::size_t sections = std::min<std::size_t>(little_endian(bytes, 32, 4), room - table);
    const std::size_t bodies   = room - table - sections;
    const std::size_t begin    = bytes.size() - bodies;
    bytes[0]                   = 2;
    put_little_endian(bytes, 4, events, 4);
    put_little_endian(bytes, 32, sections, 4);
    put_little_endian(bytes, 36, bodies, 4);
    for (std::size_t event = 0, from = 0; event < events; ++event) {
        const std::size_t entry = head_bytes + event * entry_bytes;
        const std::size_t end   = std::clamp<std::size_t>(little_endian(bytes, entry, 4), from, bodies);
        put_little_endian(bytes, entry, end, 4);
        put_little_endian(bytes, entry + 4, checksum_of(std::string_view{bytes}.substr(begin + from, end - from)), 8);
        from = end;
    }
    const std::size_t checked = head_bytes + table + sections;
    put_little_endian(bytes, checked, checksum_of(std::string_view{bytes}.substr(0, checked)), checksum_bytes);
    return bytes;
}

// What was read can be written, and is the same when it is read again.
void write_again(const RecordedEvent& event)
{
    EventBodies bodies;
    bodies.add({event.id, event.type, event.schema_version, event.data, event.metadata});
    RecordWriter writer;
    writer.begin(event.position, event.recorded_at, 0);
    writer.enter_stream(event.stream, event.version);
    writer.add(bodies.bytes_of(0), bodies.bodies[0].checksum);
    std::string bytes;
    static_cast<void>(writer.finish(bytes));
    RecordView view;
    RecordedEvent again;
    ensure(view.parse(bytes, event.position) && view.take(event.position, again),
           "a record that was written is damaged");
    ensure(again == event, "an event changes when it is written and read");
}

void read_record(std::string_view bytes)
{
    if (bytes.size() < head_bytes) return;
    RecordView view;
    const Position first = little_endian(bytes, 16, 8);
    const Position last  = first + little_endian(bytes, 4, 4) - 1;
    if (const auto parsed = view.parse(bytes, last); not parsed) {
        return ensure(parsed.error().code == "damaged-record", "damage of a record has another name");
    }
    RecordedEvent event;
    for (Position position = first; view.holds(position); ++position) {
        if (not view.take(position, event)) continue;
        ensure(event.position == position, "an event stands at another position");
        write_again(event);
    }
    if (const auto commands = view.commands()) {
        for (const CommandRecord& command : commands.value()) {
            const auto again = decode_command(encode_command(command), command.id);
            ensure(again && again.value() == command, "a command changes when it is written and read");
        }
    }
}

void read_command(std::string_view bytes)
{
    static_cast<void>(decode_command(bytes, {}));
    std::string forged{bytes};
    append_big_endian(forged, checksum_of(forged));
    const auto command = decode_command(forged, {});
    if (not command)
        return ensure(command.error().code == "damaged-command-record", "damage of a command has another name");
    ensure(decode_command(encode_command(command.value()), {}).value() == command.value(), "a command changes");
}

void read_positions(std::string_view bytes)
{
    const auto list = PositionList::decode(bytes);
    if (not list) return ensure(list.error().code == "damaged-index", "damage of a list has another name");
    const auto& positions = list.value();
    const auto count      = positions.count();
    ensure(positions[0] == positions.first() && positions[count - 1] == positions.last(), "a list ends elsewhere");
    for (const auto number : {count / 3, count / 2, count - 1}) {
        const Position position = positions[number];
        ensure(positions.at_or_after(position) == position && positions.at_or_before(position) == position,
               "a position of a list is not found in it");
        ensure(positions.count_up_to(position) == number + 1, "a list counts wrongly");
    }
    const auto again = PositionList::decode(positions.encode(0, count));
    ensure(again && again.value().count() == count && again.value().last() == positions.last(), "a list changes");
}

} // namespace

void eventloom::fuzz::records(std::string_view bytes)
{
    read_record(bytes);
    read_record(sealed(std::string{bytes}));
    read_command(bytes);
    read_positions(bytes);
}
