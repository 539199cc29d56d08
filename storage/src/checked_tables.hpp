// An Env that checks what LevelDB reads from its tables.
//
// LevelDB does that only when each read asks for it, never for the blocks that lead to the others, and with a checksum by
// software that costs more than the reading; and a damaged block that is not checked can end the process by one of its
// assertions. Every read of a table but that of the footer is of one block with its type and checksum after it
// (LevelDB's doc/table_format.md, table/format.cc), so the check can be made here, once for each time a block is read.
#pragma once

#include <leveldb/env.h>

namespace eventloom {

class CheckedTables final : public leveldb::EnvWrapper {
public:
    // `files` outlives this.
    explicit CheckedTables(leveldb::Env& files) : EnvWrapper{&files} {}

    leveldb::Status NewRandomAccessFile(const std::string& path, leveldb::RandomAccessFile** file) override;
    // What it was called before LevelDB 1.23; the base classes call one through the other.
    leveldb::Status DeleteFile(const std::string& path) override { return RemoveFile(path); }
};

} // namespace eventloom
