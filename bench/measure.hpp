// Measures: runs a piece of work several times and keeps the median and the spread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bench {

struct Rate {
    double median = 0; // operations a second
    double least  = 0;
    double most   = 0;
};

struct Row {
    std::string name;
    std::string unit;
    Rate ours;
    std::optional<Rate> raw; // LevelDB doing the same work in the same run
};

// `work` does its operations and says how many there were; setting up is not its business.
inline Rate measure(unsigned rounds, const std::function<std::uint64_t()>& work)
{
    std::vector<double> rates;
    for (unsigned round = 0; round < rounds; ++round) {
        const auto began   = std::chrono::steady_clock::now();
        const auto count   = work();
        const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        rates.push_back(static_cast<double>(count) / seconds);
    }
    std::sort(rates.begin(), rates.end());
    return {rates[rates.size() / 2], rates.front(), rates.back()};
}

// Ends the program when a measured piece of work did not do what it should: a wrong answer is not a fast one.
void require(bool correct, const std::string& what);

// A directory of its own, gone at the end of the program.
std::string fresh_directory(const std::string& name);

std::vector<Row> measure_store();
std::vector<Row> measure_service();

} // namespace bench
