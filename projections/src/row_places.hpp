// The places where rows can be kept, one source each. Each opens what is in a directory, or begins there; what is damaged
// is removed and begun empty.
#pragma once

#include <eventloom/projections/read_model.hpp>

namespace eventloom {

result<std::shared_ptr<ReadModel>> open_leveldb_rows(const Runtime& runtime, const std::string& directory);

// A file NAME.sqlite, which SQLite opens by itself and not through `runtime`: so a test whose files are not the machine's
// cannot keep rows there.
result<std::shared_ptr<ReadModel>> open_sqlite_rows(const Runtime& runtime, const std::string& directory,
                                                    const Projection& definition);

// `directory` is only a name here: nothing is on disk.
std::shared_ptr<ReadModel> open_memory_rows(const std::string& directory);

} // namespace eventloom
