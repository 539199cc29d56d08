// What batches, cursors and databases are made of: LevelDB's own.
#pragma once

#include "env/status.hpp"

#include <eventloom/storage/database.hpp>

#include <leveldb/iterator.h>
#include <leveldb/slice.h>
#include <leveldb/write_batch.h>

#include <memory>
#include <string>
#include <string_view>

namespace eventloom {

inline leveldb::Slice slice(std::string_view bytes)
{
    return {bytes.data(), bytes.size()};
}

inline std::string_view view(const leveldb::Slice& bytes)
{
    return {bytes.data(), bytes.size()};
}

struct Batch::Changes {
    leveldb::WriteBatch batch;
    bool empty = true;
};

// What is said of a read that failed.
struct ReadFault {
    std::string asked;
    std::string_view when_damaged;

    Error error(const leveldb::Status& status) const { return error_of(status, asked, when_damaged); }
};

struct DatabaseCursor::State {
    std::unique_ptr<leveldb::Iterator> iterator;
    const ReadFault* read_fault;
};

} // namespace eventloom
