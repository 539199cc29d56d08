#include "env/status.hpp"

#include <eventloom/storage/system_files.hpp>

#include <fmt/core.h>

#include <sys/resource.h>

namespace eventloom {

namespace {

constexpr auto full_disk = "o space left on device";

} // namespace

bool is_of_a_full_disk(std::string_view found)
{
    return found.find(full_disk) != std::string_view::npos;
}

std::string what_to_do_about(std::string_view found)
{
    if (found.find("Too many open files") != std::string::npos) {
        rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        return fmt::format("this process may open {} files at the same time, but a service needs some hundreds; allow "
                           "more (`ulimit -n 1024`)",
                           files.rlim_cur);
    }
    if (found.find("Resource temporarily unavailable") != std::string::npos)
        return "give it more threads or memory (`ulimit -u`, `ulimit -v`)";
    if (found.find("Cannot allocate memory") != std::string::npos) return "give it more memory";
    if (is_of_a_full_disk(found)) return "free some room on the disk";
    return "check the disk, its free space and the rights";
}

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
                std::string{asked} +
                    " and found that another process has it open; stop that process first, or wait for it"};
    }
    if (status.IsCorruption()) {
        return {Failure::corrupt, "damaged-database", sentence(when_damaged)};
    }
    if (status.IsInvalidArgument()) {
        return {Failure::invalid, "no-such-database", sentence("check the directory's name")};
    }
    const bool is_of_files = found.find("Too many open files") != std::string::npos;
    return {Failure::storage, is_of_files ? "too-many-open-files" : "storage-fault", sentence(what_to_do_about(found))};
}

} // namespace eventloom
