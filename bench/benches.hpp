// What can be measured; main.cpp chooses.
#pragma once

#include "support/measuring/measure.hpp"

#include <algorithm>

namespace bench {

// How much work: 1 is what the kept figures were taken with.
struct Scale {
    double size     = 1;
    unsigned rounds = 5;
    std::string against; // another source tree, for what can be compared with one
    bool whole = false;  // of the build: all of it, too

    std::uint64_t of(std::uint64_t full, std::uint64_t least = 1) const
    {
        return std::max(least, static_cast<std::uint64_t>(static_cast<double>(full) * size));
    }
};

std::vector<Row> measure_appends(const Scale& scale);
std::vector<Row> measure_big_log(const Scale& scale);
std::vector<Row> measure_codec(const Scale& scale);
std::vector<Row> measure_enrolment(const Scale& scale);
std::vector<Row> measure_latency(const Scale& scale);
std::vector<Row> measure_ten_million(const Scale& scale);
std::vector<Row> measure_service(const Scale& scale);
std::vector<Row> measure_projections(const Scale& scale);
std::vector<Row> measure_inline(const Scale& scale);
std::vector<Row> measure_clusters(const Scale& scale);      // not among all: it takes minutes
std::vector<Row> measure_keeping(const Scale& scale);       // the same
std::vector<Row> measure_sagas(const Scale& scale);         // the same
std::vector<Row> measure_messages(const Scale& scale);      // the same
std::vector<Row> measure_subscriptions(const Scale& scale); // part of the messages
std::vector<Row> measure_build(const Scale& scale);

} // namespace bench
