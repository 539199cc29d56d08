// The places where rows can be kept, one source file each. Each opens the rows in a directory, or begins there.
#pragma once

#include <eventloom/projections/detail/read_model.hpp>

namespace eventloom {

enum class WhenDamaged : std::uint8_t {
    made_anew, // it is removed and begins empty
    refused,   // it is not changed
};

result<std::shared_ptr<ReadModel>> open_leveldb_rows(const Runtime& runtime, const std::string& directory,
                                                     WhenDamaged when_damaged                 = WhenDamaged::made_anew,
                                                     const std::shared_ptr<BlockCache>& cache = nullptr);

// A file NAME.sqlite, which SQLite opens by itself and not through `runtime`: so a test whose files are not the machine's
// cannot keep rows there.
result<std::shared_ptr<ReadModel>> open_sqlite_rows(const Runtime& runtime, const std::string& directory,
                                                    const UntypedProjection& definition, WhenDamaged when_damaged);

// The same for a file with tables of any shape: only what every file has can be read. A damaged file is refused.
result<std::shared_ptr<ReadModel>> open_sqlite_rows_of_any_shape(const Runtime& runtime, const std::string& directory,
                                                                 const std::string& name);

// `directory` is only a name here: nothing is on disk.
std::shared_ptr<ReadModel> open_memory_rows(const std::string& directory);

// Rows of another service: damaged ones are refused.
result<std::shared_ptr<ReadModel>> open_read_model_as_it_is(const Runtime& runtime, RowPlace place,
                                                            const std::string& directory,
                                                            const UntypedProjection& definition,
                                                            std::uint32_t written_by,
                                                            const std::shared_ptr<BlockCache>& cache);

// For a projection whose rows may have any shape: only its numbers and its dead letters.
result<std::shared_ptr<ReadModel>> open_rows_of_any_shape(const Runtime& runtime, RowPlace place,
                                                          const std::string& directory, const std::string& name,
                                                          std::uint32_t written_by);

} // namespace eventloom
