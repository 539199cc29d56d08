// The machine's files, with directories synced: what production hands to a Runtime.
//
//     Runtime runtime{system_clock(), executor, system_ids(), system_files()};
//
// Threads: may be used from any thread; lives as long as the process.
#pragma once

#include <string>
#include <string_view>

namespace leveldb {
class Env;
}

namespace eventloom {

leveldb::Env& system_files();

// What to do about what the system has answered ("... Too many open files"): the end of a sentence.
std::string what_to_do_about(std::string_view found);
// Whether it says that the disk is full.
bool is_of_a_full_disk(std::string_view found);

} // namespace eventloom
