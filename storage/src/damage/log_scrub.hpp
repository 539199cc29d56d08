// Looks through LevelDB's log files before LevelDB does.
//
// LevelDB cannot tell a torn tail (a crash in the middle of a write, harmless) from damage (acknowledged writes are gone):
// it either refuses both or passes both in silence. Here the tail is cut only when no whole record follows it; anything
// else is damage, and named. Log format: LevelDB's doc/log_format.md.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

inline constexpr std::string_view torn_tail_ending = ".torn";

struct ScrubbedLog {
    enum class Verdict : std::uint8_t { whole, torn_tail, damaged };
    Verdict verdict       = Verdict::whole;
    std::size_t whole_end = 0; // after the last whole record
    std::size_t bad_at    = 0; // where reading stopped
};

ScrubbedLog scrub_log(std::string_view log);

// A log file is about as long as the write buffer.
inline constexpr std::size_t longest_log = 1u << 30;

// Visits the records of a log that is whole, put together from their fragments.
void visit_records(std::string_view log, const std::function<void(std::string_view)>& visit);

// Cuts torn tails of all log files in a database's directory, durably, and says so, a sentence for each. A directory that
// is not there is fine. With `keep_tails`, what is cut from NAME.log is in NAME.log.torn first.
// Failure::corrupt "damaged-log": nothing was changed in that file.
result<std::vector<std::string>> scrub_logs(const Runtime& runtime, const std::string& directory, bool keep_tails);

} // namespace eventloom
