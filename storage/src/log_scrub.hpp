// Looks through LevelDB's log files before LevelDB does.
//
// LevelDB cannot tell a torn tail (a crash in the middle of a write, harmless) from damage (acknowledged writes are gone):
// it either refuses both or passes both in silence. Here the tail is cut only when no whole record follows it; anything
// else is damage, and named. Log format: LevelDB's doc/log_format.md.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <string>
#include <string_view>

namespace eventloom {

struct ScrubbedLog {
    enum class Verdict : std::uint8_t { whole, torn_tail, damaged };
    Verdict verdict       = Verdict::whole;
    std::size_t whole_end = 0; // behind the last whole record
    std::size_t bad_at    = 0; // where reading stopped
};

ScrubbedLog scrub_log(std::string_view log);

// Cuts torn tails of all log files in a database's directory, durably. A directory that is not there is fine.
// Failure::corrupt "damaged-log": nothing was changed in that file.
result<void> scrub_logs(const Runtime& runtime, const std::string& directory);

} // namespace eventloom
