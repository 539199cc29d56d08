// What a file system can do that leveldb::Env has no word for: give a file a second name, tell it from all others, and
// count its names.
//
//     auto* linking = linking_files(runtime.files);             // nullptr: it can neither
//     if (linking != nullptr && linking->link_file(from, to).ok()) ...   // else copy it
//
// Needs LevelDB's headers, so include it only where files are copied. Threads: as the Env.
#pragma once

#include <leveldb/env.h>

#include <cstdint>
#include <string>

namespace eventloom {

class LinkingFiles {
public:
    virtual ~LinkingFiles() = default;

    // `to` becomes another name of the same bytes, durably. Fails where the file system does not do that, across two file
    // systems, and when there is a file `to`.
    virtual leveldb::Status link_file(const std::string& from, const std::string& to) = 0;

    // A text without blanks that identifies this file on this machine, whatever its name, until it is written to: its device,
    // its inode, its size and its time of writing.
    virtual leveldb::Status identify(const std::string& path, std::string* identity) = 0;

    // How many names this file has, with this one.
    virtual leveldb::Status count_names(const std::string& path, std::uint64_t* names) = 0;
};

inline LinkingFiles* linking_files(leveldb::Env& files)
{
    return dynamic_cast<LinkingFiles*>(&files);
}

} // namespace eventloom
