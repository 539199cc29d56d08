// What people are shown of a store on LevelDB.
#pragma once

#include <eventloom/eventstore/detail/store_info.hpp>
#include <eventloom/framework/detail/engine.hpp>

namespace eventloom {

StoreProperties describe_store(const StoreInfo& info);

} // namespace eventloom
