#include "upkeep/store_properties.hpp"

namespace eventloom {

StoreProperties describe_store(const StoreInfo& info)
{
    const std::string durability = info.durability == Durability::synced ? "fsync before acknowledging" : "buffered";
    const std::string scavenge =
        info.scavenge_is_unfinished ? "interrupted: the next one goes on" : "none is unfinished";
    return {.properties = {{"format", std::uint64_t{info.format_version}},
                           {"durability", durability},
                           {"events", info.events},
                           {"streams", info.streams},
                           {"indexed on disk", info.indexed},
                           {"clustered by stream", info.clustered},
                           {"vouched for by the witness", info.witnessed},
                           {"gone by scavenges", info.gone},
                           {"bytes that they had", info.gone_bytes},
                           {"scavenge", scavenge},
                           {"bytes", info.bytes()},
                           {"bytes of the log", info.log_bytes},
                           {"bytes of the index", info.index_bytes},
                           {"bytes of the clusters", info.cluster_bytes},
                           {"takes appends", info.damage ? "no: " + info.damage->sentence : std::string{"yes"}}},
            .notices    = info.notices};
}

} // namespace eventloom
