// A run that is done whole, and then again and again with the power cut at the changes of the disk that a sweep tries.
//
//     Sweep sweep{4};
//     cut_power_everywhere<QueuesMachine>(sweep, QueuesLog::in_memory, work, after_the_whole, after_a_cut);
#pragma once

#include "simulated_disk/simulated_disk.hpp"
#include "support/sweep.hpp"

#include <catch2/catch.hpp>

#include <cstdint>

namespace eventloom::testing {

// `after_a_cut` is given a machine that is not started again yet, and what the cut left of its files.
template <class Machine, class Log, class Run, class AfterTheWhole, class AfterACut>
void cut_power_everywhere(Sweep& sweep, Log log, const Run& run, const AfterTheWhole& after_the_whole,
                          const AfterACut& after_a_cut)
{
    for (const auto model : {DirectoryModel::ordered, DirectoryModel::strict}) {
        std::uint64_t points = 0;
        {
            Machine whole{1, log, model};
            run(whole);
            REQUIRE(whole.broken() == "");
            points = whole.disk().operations();
            after_the_whole(whole);
        }
        REQUIRE(points > 60);
        for (const auto tail : {Tail::dropped, Tail::shortened, Tail::torn, Tail::kept}) {
            for (std::uint64_t point = 1; point <= points; ++point) {
                if (not sweep.tries_next()) continue;
                INFO(sweep << "log " << static_cast<int>(log) << ", directories " << static_cast<int>(model)
                           << ", tail " << static_cast<int>(tail) << ", point " << point << " of " << points);
                Machine machine{point, log, model};
                machine.disk().crash_at(point);
                run(machine);
                machine.cut_power(tail);
                after_a_cut(machine, tail);
            }
        }
    }
}

} // namespace eventloom::testing
