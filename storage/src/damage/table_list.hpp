// Which files a database consists of, as its MANIFEST says: the list that LevelDB goes by, and not what else may lie in the
// directory, half-written or superfluous. The records of a MANIFEST: LevelDB's db/version_edit.cc.
#pragma once

#include <eventloom/storage/database.hpp>

#include <leveldb/env.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventloom {

struct TableList {
    std::map<std::uint64_t, std::uint64_t> tables; // by number, with their bytes
    std::uint64_t oldest_log = 0;                  // those before it are not needed
};

// Nothing when a record is none.
std::optional<TableList> read_table_list(std::string_view manifest);

// The files of an open database whose growing files have the sizes in `growing` (paths), CURRENT last.
result<std::vector<CapturedFile>> list_files(leveldb::Env& files, const std::string& directory,
                                             const std::map<std::string, std::uint64_t>& growing);

} // namespace eventloom
