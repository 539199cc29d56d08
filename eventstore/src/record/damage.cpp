#include "record/damage.hpp"

#include <fmt/core.h>

namespace eventloom {

Error damaged_record(Position position, std::string_view found)
{
    return {Failure::corrupt, "damaged-record",
            fmt::format("read the event at position {} and found that {}; run store verify, and restore a backup",
                        position, found)};
}

Error missing_record(Position position)
{
    return {
        Failure::corrupt, "missing-record",
        fmt::format("read the event at position {} and found no record there; run store verify, and restore a backup",
                    position)};
}

Error damaged_index(std::string_view what)
{
    return {Failure::corrupt, "damaged-index",
            "read the index and found " + std::string{what} + "; run store verify, and store repair"};
}

} // namespace eventloom
