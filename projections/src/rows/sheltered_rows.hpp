// Rows that this program must not read or change: those of another shape, or of a newer version.
//
//     const auto rows = shelter_rows(runtime, directory, opened, {Failure::corrupt, "newer-read-model", "..."});
//     rows->find(key);                 // that error, whatever the key
//
// What does not depend on the shape of rows can be read: which events are dead letters, and which were discarded.
// Nothing is written. Threads: as every ReadModel.
#pragma once

#include <eventloom/projections/detail/read_model.hpp>

namespace eventloom {

// `opened` is the part that this program could open, or nullptr. After remove_when_done() the directory is removed with the
// last reader.
std::shared_ptr<ReadModel> shelter_rows(const Runtime& runtime, const std::string& directory,
                                        std::shared_ptr<ReadModel> opened, Error why);

} // namespace eventloom
