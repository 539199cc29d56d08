// Rows that stay where they are and answer nobody here: of a program whose rows have another shape, or of a newer one.
//
//     const auto rows = shelter_rows(runtime, directory, opened, {Failure::corrupt, "newer-read-model", "..."});
//     rows->find(key);                 // that error, whatever the key
//
// What does not depend on the shape of rows is read all the same: which events are dead letters, and which were discarded.
// Nothing is written. Threads: as every ReadModel.
#pragma once

#include <eventloom/projections/read_model.hpp>

namespace eventloom {

// `opened` is what this program could open of them, nullptr when it could open nothing. With remove_when_done() the directory
// goes with the last reader.
std::shared_ptr<ReadModel> shelter_rows(const Runtime& runtime, const std::string& directory,
                                        std::shared_ptr<ReadModel> opened, Error why);

} // namespace eventloom
