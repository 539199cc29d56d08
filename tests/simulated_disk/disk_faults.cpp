#include "simulated_disk/disk_faults.hpp"

namespace eventloom::testing {

DiskFaults::Answer DiskFaults::pass(Operation operation)
{
    const auto number = ++counts_[static_cast<std::size_t>(operation)];
    for (const auto& [fault, at] : waiting_) {
        if (fault.operation != operation || number < at || (number > at && not fault.for_good)) continue;
        ++failed_[static_cast<std::size_t>(operation)];
        return fault.half ? Answer::half : Answer::failed;
    }
    return Answer::done;
}

} // namespace eventloom::testing
