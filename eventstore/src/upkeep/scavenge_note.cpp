#include "upkeep/scavenge_note.hpp"

#include "record/key_spaces.hpp"
#include "record/record.hpp"
#include "record/record_layout.hpp"

#include <eventloom/framework/binary_archive.hpp>

namespace eventloom {

namespace {

constexpr std::uint8_t note_version    = 1;
constexpr std::string_view name_of_key = "scavenge";

} // namespace

result<ScavengeNote> read_scavenge_note(const Database& log)
{
    BOOST_OUTCOME_TRY(const auto stored, log.get(key_spaces::of_about(name_of_key)));
    ScavengeNote note;
    if (not stored) return note;
    const auto damaged = [&](std::string_view found) {
        return Error{Failure::corrupt, "damaged-scavenge-note",
                     "read how far the last scavenge of " + log.directory() + " came and found that " +
                         std::string{found} + "; run store verify, and restore a backup"};
    };
    const std::string_view bytes{*stored};
    if (bytes.size() < checksum_bytes) return damaged("it is too short");
    const auto content = bytes.substr(0, bytes.size() - checksum_bytes);
    if (checksum_of(content) != read_big_endian(bytes.substr(content.size())))
        return damaged("its checksum is another");
    try {
        BinaryReader in{content};
        if (in.byte() != note_version) return damaged("its version is not known to this program");
        note.gone       = in.unsigned_number();
        note.gone_bytes = in.unsigned_number();
        note.next       = in.unsigned_number();
        note.head       = in.unsigned_number();
        note.moment     = Time{Duration{static_cast<std::int64_t>(in.unsigned_number())}};
        note.rewritten  = in.unsigned_number();
        note.events     = in.unsigned_number();
        note.bytes      = in.unsigned_number();
        in.finish();
    } catch (const DamagedBytes& damage) {
        return damaged(damage.what());
    }
    return note;
}

void put(Batch& batch, const ScavengeNote& note)
{
    std::string bytes;
    BinaryWriter out{bytes};
    out.byte(note_version);
    for (const std::uint64_t number : {note.gone, note.gone_bytes, note.next, note.head,
                                       static_cast<std::uint64_t>(note.moment.time_since_epoch().count()),
                                       note.rewritten, note.events, note.bytes}) {
        out.unsigned_number(number);
    }
    append_big_endian(bytes, checksum_of(bytes));
    batch.put(key_spaces::of_about(name_of_key), bytes);
}

} // namespace eventloom
