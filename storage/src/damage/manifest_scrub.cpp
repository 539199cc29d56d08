#include "damage/manifest_scrub.hpp"

#include "damage/log_scrub.hpp"

#include <eventloom/storage/database.hpp>

#include <fmt/core.h>
#include <leveldb/env.h>

#include <algorithm>

namespace eventloom {

namespace {

// Of a VersionEdit, LevelDB's db/version_edit.cc: these two come before all others.
constexpr std::uint64_t comparator_tag = 1;
constexpr std::uint64_t log_number_tag = 2;

std::optional<std::uint64_t> take_varint(std::string_view& bytes)
{
    std::uint64_t number = 0;
    for (int shift = 0; shift < 64 && not bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return number;
    }
    return std::nullopt;
}

// The number of the oldest log file that is needed from this change on, if it says one.
std::optional<std::uint64_t> log_number_of(std::string_view change)
{
    auto tag = take_varint(change);
    if (tag == comparator_tag) {
        const auto length = take_varint(change);
        if (not length || *length > change.size()) return std::nullopt;
        change.remove_prefix(*length);
        tag = take_varint(change);
    }
    return tag == log_number_tag ? take_varint(change) : std::nullopt;
}

std::string log_file(const std::string& directory, std::uint64_t number)
{
    const auto digits = std::to_string(number);
    return directory + "/" + std::string(6 - std::min<std::size_t>(6, digits.size()), '0') + digits + ".log";
}

} // namespace

result<void> scrub_manifest(const Runtime& runtime, const std::string& directory)
{
    BOOST_OUTCOME_TRY(auto name, read_file(runtime, directory + "/CURRENT"));
    if (not name || name->empty() || name->find('/') != std::string::npos) return done(); // LevelDB says what it thinks
    name->pop_back();
    const std::string path = directory + "/" + *name;
    BOOST_OUTCOME_TRY(const auto manifest, read_file(runtime, path, longest_log));
    if (not manifest) return done();
    const auto scrubbed = scrub_log(*manifest);
    if (scrubbed.verdict == ScrubbedLog::Verdict::whole) return done();

    const auto whole = std::string_view{*manifest}.substr(0, scrubbed.whole_end);
    std::optional<std::uint64_t> log;
    visit_records(whole, [&](std::string_view change) {
        if (const auto number = log_number_of(change)) log = number;
    });
    // The log file goes when the change that makes it superfluous is durable; tables likewise, and LevelDB misses those.
    const bool nothing_is_gone = log && runtime.files.FileExists(log_file(directory, *log));
    if (scrubbed.verdict == ScrubbedLog::Verdict::torn_tail && nothing_is_gone) {
        return replace_file(runtime, path, whole);
    }
    return fail(Failure::corrupt, "damaged-manifest",
                fmt::format("opened the file {} and found damage at byte {}; nothing was changed; restore a backup",
                            path, scrubbed.bad_at));
}

} // namespace eventloom
