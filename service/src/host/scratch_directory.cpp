#include "host/scratch_directory.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace eventloom {

result<std::unique_ptr<ScratchDirectory>> ScratchDirectory::make(std::string parent)
{
    std::error_code none;
    if (parent.empty()) parent = std::filesystem::temp_directory_path(none).string();
    std::string path = parent + "/eventloom-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
        return fail(Failure::storage, "no-scratch-directory",
                    "made a temporary directory in " + parent + " and found: " + std::strerror(errno) +
                        "; set TMPDIR to a directory with free space");
    }
    return std::unique_ptr<ScratchDirectory>{new ScratchDirectory{std::move(path)}};
}

ScratchDirectory::~ScratchDirectory()
{
    std::error_code stays;
    std::filesystem::remove_all(path_, stays); // what stays is a temporary file, as others are
}

} // namespace eventloom
