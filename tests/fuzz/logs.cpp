// LevelDB's log files. First the bytes are taken for a file; then they say which records a good file holds and what becomes of
// it, and what is said of that file must be true.
#include "targets.hpp"

#include "damage/crc32c.hpp"
#include "damage/log_scrub.hpp"

#include <eventloom/framework/detail/ensure.hpp>

#include <algorithm>
#include <vector>

namespace {

using namespace eventloom;
using Verdict = ScrubbedLog::Verdict;

// LevelDB's doc/log_format.md, written here once more.
constexpr std::size_t block_bytes  = 32'768;
constexpr std::size_t header_bytes = 7;

std::uint32_t masked_crc32c(std::string_view bytes)
{
    const auto crc = crc32c(bytes);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

struct LevelDbLog {
    std::string bytes;
    std::vector<std::size_t> ends; // of its records
};

void add_record(LevelDbLog& log, std::string payload)
{
    bool begins = true;
    do {
        const std::size_t left = block_bytes - log.bytes.size() % block_bytes;
        if (left < header_bytes) log.bytes.append(left, '\0');
        const std::size_t room = block_bytes - log.bytes.size() % block_bytes - header_bytes;
        const std::size_t size = std::min(payload.size(), room);
        const bool ends        = size == payload.size();
        std::string checked(1, static_cast<char>(begins ? (ends ? 1 : 2) : (ends ? 4 : 3)));
        checked.append(payload, 0, size);
        const auto crc = masked_crc32c(checked);
        for (int shift = 0; shift < 32; shift += 8) log.bytes.push_back(static_cast<char>(crc >> shift));
        log.bytes.push_back(static_cast<char>(size));
        log.bytes.push_back(static_cast<char>(size >> 8));
        log.bytes.append(checked);
        payload.erase(0, size);
        begins = false;
    } while (not payload.empty());
    log.ends.push_back(log.bytes.size());
}

// Two bytes for each record: its length, small or beyond a block, and what it is filled with.
LevelDbLog log_of(std::string_view plan)
{
    LevelDbLog log;
    while (plan.size() >= 2 && log.ends.size() < 4) {
        const std::size_t number = static_cast<unsigned char>(plan[0]);
        const std::size_t length = number < 250 ? number : (number - 249) * 6'000;
        add_record(log, std::string(length, plan[1]));
        plan.remove_prefix(2);
    }
    return log;
}

void check_cut(const LevelDbLog& log, std::size_t length)
{
    const auto found = scrub_log(std::string_view{log.bytes}.substr(0, length));
    ensure(found.verdict != Verdict::damaged, "a log that ends too early is called damaged");
    const auto next             = std::upper_bound(log.ends.begin(), log.ends.end(), length);
    const std::size_t whole_end = next == log.ends.begin() ? 0 : *std::prev(next);
    ensure(found.whole_end == whole_end, "a log that ends too early is cut at the wrong place");
}

void check_flip(LevelDbLog log, std::size_t at, unsigned char mask)
{
    const auto hit       = std::upper_bound(log.ends.begin(), log.ends.end(), at);
    log.bytes[at]        = static_cast<char>(log.bytes[at] ^ mask);
    const auto found     = scrub_log(log.bytes);
    const bool is_last   = hit == log.ends.end() || hit + 1 == log.ends.end();
    const auto record_at = hit == log.ends.begin() ? 0 : *std::prev(hit);
    // After a record's end and before the next header there may be filling, which means nothing.
    const std::size_t left = block_bytes - record_at % block_bytes;
    if (left < header_bytes && at < record_at + left) return ensure(found.verdict == Verdict::whole, "filling is read");
    ensure(found.verdict == (is_last ? Verdict::torn_tail : Verdict::damaged),
           "a flipped bit is not seen for what it is");
    ensure(found.whole_end <= record_at && found.bad_at <= at, "a flipped bit is seen at another place");
}

} // namespace

void eventloom::fuzz::logs(std::string_view bytes)
{
    const auto found = scrub_log(bytes);
    ensure(found.whole_end <= bytes.size() && found.bad_at <= bytes.size(), "a log is cut after its end");
    // What is kept of a log is whole, and stays so.
    const auto kept = scrub_log(bytes.substr(0, found.whole_end));
    ensure(kept.verdict == Verdict::whole && kept.whole_end == found.whole_end, "what is kept of a log is not whole");

    if (bytes.size() < 4) return;
    const std::size_t place = static_cast<unsigned char>(bytes[0]) << 8 | static_cast<unsigned char>(bytes[1]);
    const auto mask         = static_cast<unsigned char>(bytes[2] | 1);
    const LevelDbLog log    = log_of(bytes.substr(3));
    if (log.bytes.empty()) return;
    const auto whole = scrub_log(log.bytes);
    ensure(whole.verdict == Verdict::whole && whole.whole_end == log.bytes.size(),
           "a whole log is not seen to be whole");
    const std::size_t at = place * log.bytes.size() / 65'536;
    check_cut(log, at);
    check_flip(log, at, mask);
}
