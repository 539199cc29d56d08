// The places where rows can be kept, one source each. Each opens what is in a directory, or begins there.
#pragma once

#include <eventloom/projections/read_model.hpp>

namespace eventloom {

enum class WhenDamaged : std::uint8_t {
    made_anew, // it is removed and begun empty
    refused,   // and left as it is
};

result<std::shared_ptr<ReadModel>> open_leveldb_rows(const Runtime& runtime, const std::string& directory,
                                                     WhenDamaged when_damaged = WhenDamaged::made_anew,
                                                     std::size_t cache_bytes  = 8u << 20);

// A file NAME.sqlite, which SQLite opens by itself and not through `runtime`: so a test whose files are not the machine's
// cannot keep rows there.
result<std::shared_ptr<ReadModel>> open_sqlite_rows(const Runtime& runtime, const std::string& directory,
                                                    const Projection& definition, WhenDamaged when_damaged);

// The same of a file with tables of any shape: only what is in every file can be asked. What cannot be read is refused.
result<std::shared_ptr<ReadModel>> open_sqlite_rows_of_any_shape(const Runtime& runtime, const std::string& directory,
                                                                 const std::string& name);

// `directory` is only a name here: nothing is on disk.
std::shared_ptr<ReadModel> open_memory_rows(const std::string& directory);

// Of another service: what cannot be read is refused.
result<std::shared_ptr<ReadModel>> open_read_model_as_it_is(const Runtime& runtime, RowPlace place,
                                                            const std::string& directory, const Projection& definition,
                                                            std::uint32_t written_by);

// Of a projection whose rows may have any shape: its numbers, and its dead letters.
result<std::shared_ptr<ReadModel>> open_rows_of_any_shape(const Runtime& runtime, RowPlace place,
                                                          const std::string& directory, const std::string& name,
                                                          std::uint32_t written_by);

} // namespace eventloom
