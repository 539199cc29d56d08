// Information about a store on LevelDB.
//
//     BOOST_OUTCOME_TRY(const auto info, store->info());
//     std::printf("%s takes %ju bytes\n", info.directory.c_str(), std::uintmax_t{info.bytes()});
#pragma once

#include <eventloom/framework/detail/durability.hpp>
#include <eventloom/framework/detail/recorded_event.hpp>
#include <eventloom/framework/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace eventloom {

struct StoreInfo {
    std::string directory;
    std::uint32_t format_version = 0;
    Durability durability        = Durability::synced;
    Position events              = 0;
    Position indexed             = 0;     // of them, in the index on disk; the others are in the one in memory
    Position clustered           = 0;     // of them, in ranges that are clustered by stream
    Position cluster_least       = 0;     // this many events are needed for a cluster; 0: none are made
    Position witnessed           = 0;     // of them, whose loss the witness would notice
    Position gone                = 0;     // of them, removed by scavenges: only their positions are left
    std::uint64_t gone_bytes     = 0;     // that they had
    bool scavenge_is_unfinished  = false; // one was interrupted: the next goes on with it
    std::uint64_t streams        = 0;
    std::uint64_t log_bytes      = 0; // of files
    std::uint64_t index_bytes    = 0;
    std::uint64_t cluster_bytes  = 0;
    std::uint64_t bytes() const { return log_bytes + index_bytes + cluster_bytes; }
    std::vector<std::string> notices =
        {}; // a sentence each: what was put right when it was opened, and a last event that is from the time to come
    std::optional<Error> damage = {}; // why it takes no append
};

} // namespace eventloom
