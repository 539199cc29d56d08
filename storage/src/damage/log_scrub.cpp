#include "damage/log_scrub.hpp"

#include <eventloom/storage/database.hpp>

#include "damage/crc32c.hpp"
#include "env/status.hpp"

#include <fmt/core.h>

namespace eventloom {

namespace {

constexpr std::size_t block_bytes  = 32'768;
constexpr std::size_t header_bytes = 7; // checksum 4, length 2, type 1
enum RecordType : std::uint8_t { full = 1, first = 2, middle = 3, last = 4 };

struct Fragment {
    std::size_t length;
    std::uint8_t type;
};

// The fragment whose header is at `at`, if there is one and its checksum is right.
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
    if (crc32c(log.substr(at + 6, fragment.length + 1)) != unmasked_crc32c(log.substr(at, 4))) return std::nullopt;
    return fragment;
}

bool begins_a_record(const Fragment& fragment)
{
    return fragment.type == full || fragment.type == first;
}

// What is left of a block after its last header is filled with zeros.
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
    // Zeros are what was written ahead (written_ahead_file.hpp), not a write that was begun.
    if (log.find_first_not_of('\0', answer.whole_end) == std::string_view::npos) return answer;

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

void visit_records(std::string_view log, const std::function<void(std::string_view)>& visit)
{
    std::string record;
    for (std::size_t at = 0; (at = skip_trailer(at)) < log.size();) {
        const auto fragment = fragment_at(log, at);
        if (not fragment) return;
        record.append(log.substr(at + header_bytes, fragment->length));
        at += header_bytes + fragment->length;
        if (fragment->type != full && fragment->type != last) continue;
        visit(record);
        record.clear();
    }
}

result<std::vector<std::string>> scrub_logs(const Runtime& runtime, const std::string& directory, bool keep_tails)
{
    std::vector<std::string> notices;
    BOOST_OUTCOME_TRY(const auto names, list_directory(runtime, directory));
    for (const std::string& name : names) {
        if (not name.ends_with(".log")) continue;
        const std::string path = directory + "/" + name;
        BOOST_OUTCOME_TRY(const auto log, read_file(runtime, path, longest_log));
        if (not log) continue;
        const auto scrubbed = scrub_log(*log);
        if (scrubbed.verdict == ScrubbedLog::Verdict::damaged) {
            return fail(Failure::corrupt, "damaged-log",
                        fmt::format("opened the log file {} and found damage at byte {} with whole records after it; "
                                    "acknowledged writes may be lost there; restore a backup",
                                    path, scrubbed.bad_at));
        }
        if (scrubbed.verdict == ScrubbedLog::Verdict::torn_tail) {
            const std::string_view bytes{*log};
            const auto tail = bytes.substr(scrubbed.whole_end);
            if (keep_tails) {
                BOOST_OUTCOME_TRY(replace_file(runtime, path + std::string{torn_tail_ending}, tail));
            }
            BOOST_OUTCOME_TRY(replace_file(runtime, path, bytes.substr(0, scrubbed.whole_end)));
            notices.push_back(fmt::format("opened the log file {} and found at byte {} a write that was never "
                                          "finished; its {} bytes were dropped",
                                          path, scrubbed.whole_end, tail.size()));
        }
    }
    return notices;
}

} // namespace eventloom
