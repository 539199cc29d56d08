#include "host/directory_holder.hpp"

#include <fstream>
#include <sstream>
#include <sys/stat.h>

namespace eventloom {

namespace {

constexpr int looks_max          = 10;
constexpr Duration between_looks = std::chrono::milliseconds{50};

// The process that has a lock on the file, 0 when none is known. Asked of the system's list: to open the file and close it
// again would give up a lock of this process's own.
long process_that_locks(const std::string& file)
{
    struct stat about {};
    if (::stat(file.c_str(), &about) != 0) return 0;
    const std::string inode = ":" + std::to_string(about.st_ino);
    std::ifstream locks{"/proc/locks"};
    // 1: POSIX  ADVISORY  WRITE 4711 08:01:131090 0 EOF
    for (std::string line; std::getline(locks, line);) {
        std::istringstream words{line};
        std::string number;
        std::string kind;
        std::string strictness;
        std::string access;
        long process = 0;
        std::string place;
        if (words >> number >> kind >> strictness >> access >> process >> place && place.ends_with(inode)) {
            return process;
        }
    }
    return 0;
}

} // namespace

Error with_holder(Error error, const Runtime& runtime, const std::string& directory)
{
    if (error.code != "held-by-another-process") return error;
    // A process that opens a store releases it for moments, so it is looked for more than once.
    long process     = 0;
    const auto found = [&] {
        process = process_that_locks(directory + "/log/LOCK");
        return process > 0;
    };
    for (int look = 0; look < looks_max; ++look) {
        if (runtime.executor.wait_until(found, runtime.clock.now() + between_looks)) break;
    }
    if (process > 0) error.sentence += " (it is process " + std::to_string(process) + ")";
    return error;
}

} // namespace eventloom
