#include "witness.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <xxhash.h>

namespace eventloom {

namespace {

constexpr std::size_t slot_bytes = 24; // position, checksum of its record, checksum of both

std::string path_of(const std::string& directory)
{
    return directory + "/witness";
}

void append_slot(std::string& bytes, const Witnessed& witnessed)
{
    const auto begin = bytes.size();
    append_big_endian(bytes, witnessed.position);
    append_big_endian(bytes, witnessed.checksum);
    append_big_endian(bytes, XXH3_64bits(bytes.data() + begin, 16));
}

std::optional<Witnessed> slot_at(std::string_view bytes, std::size_t at)
{
    const auto slot = bytes.substr(at, slot_bytes);
    if (XXH3_64bits(slot.data(), 16) != read_big_endian(slot.substr(16))) return std::nullopt;
    return Witnessed{read_big_endian(slot), read_big_endian(slot.substr(8))};
}

} // namespace

result<std::optional<Witness>> read_witness(const Runtime& runtime, const std::string& directory)
{
    BOOST_OUTCOME_TRY(const auto bytes, read_file(runtime, path_of(directory)));
    if (not bytes) return std::optional<Witness>{};
    if (bytes->size() == 2 * slot_bytes) {
        const auto newest = slot_at(*bytes, 0);
        const auto before = slot_at(*bytes, slot_bytes);
        if (newest || before) return std::optional{Witness{newest ? *newest : *before, not newest || not before}};
    }
    return fail(Failure::corrupt, "damaged-witness",
                "read the witness file " + path_of(directory) +
                    " and found damage; run store verify, and remove the file if the log is whole");
}

result<void> write_witness(const Runtime& runtime, const std::string& directory, const Witnessed& newest,
                           const Witnessed& before)
{
    std::string bytes;
    append_slot(bytes, newest);
    append_slot(bytes, before);
    return replace_file(runtime, path_of(directory), bytes);
}

result<void> check_witness(const LogReader& log, const Witnessed& witness)
{
    if (witness.position == 0) return done();
    if (witness.position > log.head()) {
        return fail(Failure::corrupt, "history-shrank",
                    "opened a log that ends at position " + std::to_string(log.head()) +
                        " and found a witness of position " + std::to_string(witness.position) +
                        "; acknowledged events are lost; restore a backup");
    }
    BOOST_OUTCOME_TRY(const auto chain, log.chain_at(witness.position));
    if (chain.own == witness.checksum) return done();
    return fail(Failure::corrupt, "history-changed",
                "read the event at position " + std::to_string(witness.position) +
                    " and found another one than the witness saw; the log was exchanged; restore a backup");
}

} // namespace eventloom
