#include "record/damage.hpp"

namespace eventloom {

Error damaged_record(Position position, std::string_view found)
{
    return {Failure::corrupt, "damaged-record",
            "read the event at position " + std::to_string(position) + " and found that " + std::string{found} +
                "; run store verify, and restore a backup"};
}

Error missing_record(Position position)
{
    return {Failure::corrupt, "missing-record",
            "read the event at position " + std::to_string(position) +
                " and found no record there; run store verify, and restore a backup"};
}

Error damaged_index(std::string_view what)
{
    return {Failure::corrupt, "damaged-index",
            "read the index and found " + std::string{what} + "; run store verify, and store repair"};
}

} // namespace eventloom
