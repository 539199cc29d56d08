// The machine's files, with directories synced: what production hands to a Runtime.
//
//     Runtime runtime{system_clock(), executor, system_ids(), system_files()};
//
// Threads: may be used from any thread; lives as long as the process.
#pragma once

namespace leveldb {
class Env;
}

namespace eventloom {

leveldb::Env& system_files();

} // namespace eventloom
