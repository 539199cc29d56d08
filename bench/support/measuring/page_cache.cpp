#include "support/measuring/page_cache.hpp"

#include "support/measuring/measure.hpp"

#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

namespace bench {

void drop_page_cache(const std::string& directory)
{
    for (const auto& entry : std::filesystem::recursive_directory_iterator{directory}) {
        if (not entry.is_regular_file()) continue;
        const int file = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
        require(file >= 0, "a file of the store can be opened");
        // What is not written yet would stay.
        const bool dropped = fsync(file) == 0 && posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0;
        close(file);
        require(dropped, "the page cache lets a file go");
    }
}

} // namespace bench
