#include "status.hpp"

namespace eventloom {

Error error_of(const leveldb::Status& status, std::string_view asked, std::string_view when_damaged)
{
    const std::string found = status.ToString();
    const auto sentence     = [&](std::string_view advice) {
        return std::string{asked} + " and found: " + found + "; " + std::string{advice};
    };
    // "lock .../LOCK: Resource temporarily unavailable", or "already held by process"
    if (status.IsIOError() && found.find("LOCK") != std::string::npos &&
        (found.find("temporarily unavailable") != std::string::npos ||
         found.find("already held") != std::string::npos)) {
        return {Failure::unavailable, "held-by-another-process",
                std::string{asked} + " and found that another process holds it; stop that one first, or wait for it"};
    }
    if (status.IsCorruption()) {
        return {Failure::corrupt, "damaged-database", sentence(when_damaged)};
    }
    if (status.IsInvalidArgument()) {
        return {Failure::invalid, "no-such-database", sentence("check the directory's name")};
    }
    return {Failure::storage, "storage-fault", sentence("check the disk, its free space and the rights")};
}

} // namespace eventloom
