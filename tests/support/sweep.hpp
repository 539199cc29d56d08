// Which points of a sweep are tried: a share of them in `./dev test`, all of them in `./dev test --all`.
//
//     Sweep sweep{6};                                         // one point in six
//     for (std::uint64_t point = 1; point <= points; ++point) {
//         if (not sweep.tries_next()) continue;
//         INFO(sweep << "power cut at change " << point);     // "EVENTLOOM_SWEEP=1a2b3c: power cut at change 17"
//         ...
//     }
//     CHECK(sweep.points() > 500);                            // tried or not
//
// The share is spread evenly: one point of every six in a row, drawn from EVENTLOOM_SWEEP. `./dev test` puts the commit there,
// so that each commit tries others and the same commit always the same; "all" tries every one.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace eventloom::testing {

class Sweep {
public:
    // `number` tells the sweeps of one test apart, so that each tries other points.
    explicit Sweep(std::uint64_t one_in, std::uint64_t number = 0);

    bool tries_next();

    // Of so many points, how many are tried at the least.
    std::uint64_t share_of(std::uint64_t points) const { return points / one_in_; }

    std::uint64_t points() const { return points_; }
    std::uint64_t tried() const { return tried_; }

    friend std::ostream& operator<<(std::ostream& out, const Sweep& sweep);

private:
    std::string seed_;
    std::uint64_t one_in_;
    std::uint64_t points_ = 0;
    std::uint64_t tried_  = 0;
    std::uint64_t chosen_ = 0; // of the points in a row
    std::uint64_t state_  = 0;
};

} // namespace eventloom::testing
