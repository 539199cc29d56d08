// What the files of a Database are, for whoever shows or copies a directory in which there are some.
//
//     if (use_of_file(name) == FileUse::of_a_process) continue;     // a lock: not of the data
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string_view>

namespace eventloom {

enum class FileUse : std::uint8_t {
    changes,       // or is none of a Database
    never_changes, // written once; what replaces it has another name
    of_a_process   // belongs to the process that has the database open
};

FileUse use_of_file(std::string_view name);

// LevelDB's list of a database's files, a MANIFEST.
bool is_list_of_files(std::string_view path);

} // namespace eventloom
