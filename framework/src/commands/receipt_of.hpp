// The answer to a command that was carried out before.
#pragma once

#include <eventloom/framework/command_bus.hpp>

namespace eventloom {

inline Receipt receipt_of(const CommandRecord& record)
{
    return {.command_id   = record.id,
            .stream       = record.stream,
            .events       = record.count,
            .last_version = record.last_version,
            .position     = record.last_position,
            .repeated     = true};
}

} // namespace eventloom
