#include "log_scrub.hpp"

#include <eventloom/storage/database.hpp>

#include "status.hpp"

#include <array>

namespace eventloom {

namespace {

constexpr std::size_t block_bytes  = 32'768;
constexpr std::size_t header_bytes = 7;        // checksum 4, length 2, type 1
constexpr std::size_t longest_log  = 1u << 30; // a log file is about as long as the write buffer
constexpr std::uint32_t mask_delta = 0xa282ead8;
enum RecordType : std::uint8_t { full = 1, first = 2, middle = 3, last = 4 };

constexpr auto crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? 0x82f63b78u ^ crc >> 1 : crc >> 1;
        table[byte] = crc;
    }
    return table;
}();

std::uint32_t crc32c(std::string_view bytes)
{
    std::uint32_t crc = ~0u;
    for (const char byte : bytes) crc = crc_table[(crc ^ static_cast<unsigned char>(byte)) & 0xff] ^ crc >> 8;
    return ~crc;
}

struct Fragment {
    std::size_t length;
    std::uint8_t type;
};

// The fragment whose header stands at `at`, if it is one and its checksum holds.
std::optional<Fragment> fragment_at(std::string_view log, std::size_t at)
{
    if (at + header_bytes > log.size()) return std::nullopt;
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(log[at + i]));
    };
    const Fragment fragment{byte(4) | byte(5) << 8, static_cast<std::uint8_t>(byte(6))};
    const std::size_t end = at + header_bytes + fragment.length;
    if (fragment.type < full || fragment.type > last) return std::nullopt;
    if (at % block_bytes + header_bytes + fragment.length > block_bytes || end > log.size()) return std::nullopt;
    const std::uint32_t masked  = byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
    const std::uint32_t rotated = masked - mask_delta;
    const std::uint32_t stored  = rotated >> 17 | rotated << 15;
    if (crc32c(log.substr(at + 6, fragment.length + 1)) != stored) return std::nullopt;
    return fragment;
}

bool begins_a_record(const Fragment& fragment)
{
    return fragment.type == full || fragment.type == first;
}

// What is left of a block behind its last header is filled with zeros.
std::size_t skip_trailer(std::size_t at)
{
    const std::size_t left = block_bytes - at % block_bytes;
    return left < header_bytes ? at + left : at;
}

} // namespace

ScrubbedLog scrub_log(std::string_view log)
{
    ScrubbedLog answer;
    std::size_t at = 0;
    while ((at = skip_trailer(at)) < log.size()) {
        const auto fragment = fragment_at(log, at);
        if (not fragment) break;
        at += header_bytes + fragment->length;
        if (fragment->type == full || fragment->type == last) answer.whole_end = at;
    }
    answer.bad_at = std::min(at, log.size());
    if (at >= log.size() && skip_trailer(answer.whole_end) >= log.size()) return answer;

    answer.verdict = ScrubbedLog::Verdict::torn_tail;
    for (std::size_t probe = at + 1; probe + header_bytes <= log.size(); ++probe) {
        const auto fragment = fragment_at(log, probe);
        if (fragment && begins_a_record(*fragment)) {
            answer.verdict = ScrubbedLog::Verdict::damaged;
            break;
        }
    }
    return answer;
}

result<void> scrub_logs(const Runtime& runtime, const std::string& directory)
{
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, directory));
    for (const std::string& name : names) {
        if (not name.ends_with(".log")) continue;
        const std::string path = directory + "/" + name;
        BOOST_OUTCOME_TRY(const auto log, read_file(runtime, path, longest_log));
        if (not log) continue;
        const auto scrubbed = scrub_log(*log);
        if (scrubbed.verdict == ScrubbedLog::Verdict::damaged) {
            return fail(Failure::corrupt, "damaged-log",
                        "opened the log file " + path + " and found damage at byte " + std::to_string(scrubbed.bad_at) +
                            " with whole records behind it; acknowledged writes may be lost there; restore a backup");
        }
        if (scrubbed.verdict == ScrubbedLog::Verdict::torn_tail) {
            BOOST_OUTCOME_TRY(replace_file(runtime, path, std::string_view{*log}.substr(0, scrubbed.whole_end)));
        }
    }
    return done();
}

} // namespace eventloom
