// The open files of a simulated disk.
#pragma once

#include "simulated_disk/simulated_disk.hpp"

namespace eventloom::testing {

std::unique_ptr<leveldb::SequentialFile> read_in_order(SimulatedDisk& disk, const std::string& path,
                                                       std::shared_ptr<SimulatedFile> file);
std::unique_ptr<leveldb::RandomAccessFile> read_anywhere(SimulatedDisk& disk, const std::string& path,
                                                         std::shared_ptr<SimulatedFile> file);
std::unique_ptr<leveldb::WritableFile> write_at_end(SimulatedDisk& disk, const std::string& path,
                                                    std::shared_ptr<SimulatedFile> file);

} // namespace eventloom::testing
