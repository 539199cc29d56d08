// The one place where LevelDB's Status becomes an Error.
#pragma once

#include <eventloom/framework/result.hpp>

#include <leveldb/status.h>

#include <string>
#include <string_view>

namespace eventloom {

// `asked` says what was tried: "open the database var/shop/log"; `when_damaged` what to do about damage.
Error error_of(const leveldb::Status& status, std::string_view asked,
               std::string_view when_damaged = "verify it, and restore a backup if it stays so");

} // namespace eventloom
