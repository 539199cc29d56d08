// The one place where LevelDB's Status becomes an Error.
#pragma once

#include <eventloom/framework/result.hpp>

#include <leveldb/status.h>

#include <string_view>

namespace eventloom {

// `asked` says what was tried: "open the database var/shop/log".
Error error_of(const leveldb::Status& status, std::string_view asked);

} // namespace eventloom
