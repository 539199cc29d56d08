#include "witness.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <xxhash.h>

namespace eventloom {

namespace {

constexpr std::size_t witness_bytes = 24; // position, checksum of that record, checksum of both

std::string path_of(const std::string& directory)
{
    return directory + "/witness";
}

} // namespace

result<std::optional<LogEnd>> read_witness(const Runtime& runtime, const std::string& directory)
{
    BOOST_OUTCOME_TRY(const auto bytes, read_file(runtime, path_of(directory)));
    if (not bytes) return std::optional<LogEnd>{};
    if (bytes->size() != witness_bytes ||
        XXH3_64bits(bytes->data(), 16) != read_big_endian(std::string_view{*bytes}.substr(16))) {
        return fail(Failure::corrupt, "damaged-witness",
                    "read the witness file " + path_of(directory) +
                        " and found damage; run store verify, and remove the file if the log is whole");
    }
    return std::optional{LogEnd{.position    = read_big_endian(*bytes),
                                .checksum    = read_big_endian(std::string_view{*bytes}.substr(8)),
                                .recorded_at = {}}};
}

result<void> write_witness(const Runtime& runtime, const std::string& directory, const LogEnd& end)
{
    std::string bytes;
    append_big_endian(bytes, end.position);
    append_big_endian(bytes, end.checksum);
    append_big_endian(bytes, XXH3_64bits(bytes.data(), bytes.size()));
    return replace_file(runtime, path_of(directory), bytes);
}

result<void> check_witness(const LogReader& log, const LogEnd& witness)
{
    if (witness.position == 0) return done();
    if (witness.position > log.head()) {
        return fail(Failure::corrupt, "history-shrank",
                    "opened a log that ends at position " + std::to_string(log.head()) +
                        " and found a witness of position " + std::to_string(witness.position) +
                        "; acknowledged events are lost; restore a backup");
    }
    RecordedEvent event;
    BOOST_OUTCOME_TRY(const auto chain, log.record_at(witness.position, event));
    if (chain.own == witness.checksum) return done();
    return fail(Failure::corrupt, "history-changed",
                "read the event at position " + std::to_string(witness.position) +
                    " and found another one than the witness saw; the log was exchanged; restore a backup");
}

} // namespace eventloom
