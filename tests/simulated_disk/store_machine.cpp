#include "simulated_disk/store_machine.hpp"

namespace eventloom::testing {

StoreMachine::StoreMachine(std::uint64_t seed, DirectoryModel model)
    : executor_{seed}, disk_{seed, model},
      files_{&disk_, [this](const std::string&) { return disk_.sync_directory(); }},
      runtime_{executor_, executor_, executor_, files_}
{
}

StoreMachine::StoreMachine(std::uint64_t seed, const DiskImage& image)
    : executor_{seed}, disk_{seed, image},
      files_{&disk_, [this](const std::string&) { return disk_.sync_directory(); }},
      runtime_{executor_, executor_, executor_, files_}
{
}

LevelDbStoreOptions StoreMachine::small_store()
{
    return {.directory              = "/store",
            .write_buffer_bytes     = 64u << 10, // LevelDB takes no less
            .record_bytes           = 700,
            .group_bytes            = 2000,
            .index_events_in_memory = 24};
}

void StoreMachine::process_ends()
{
    executor_.drop_everything();
    run_background_work();
}

} // namespace eventloom::testing
