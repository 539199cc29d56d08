// SQLite's files on a simulated disk: SQLite opens its files by itself, and is told here where they are.
//
//     SimulatedDisk disk{seed};
//     const SqliteFiles files{disk};        // from here on every file that SQLite opens is there, until `files` goes
//
// One process: what is shared between its connections (locks, the index of the write-ahead log) is forgotten with the last
// of them, as it is when a process dies. Threads: one.
#pragma once

#include "simulated_disk/simulated_disk.hpp"

namespace eventloom::testing {

class SqliteFiles {
public:
    explicit SqliteFiles(SimulatedDisk& disk);
    ~SqliteFiles();
    SqliteFiles(const SqliteFiles&)            = delete;
    SqliteFiles& operator=(const SqliteFiles&) = delete;
};

} // namespace eventloom::testing
