// Parts of a measurement that run in a process of their own, so that each has its own peak of memory, and one can be killed.
//
//     const auto report = run_phase("write", directory, 10'000'000);
//     report.at("peak_mib");
//
// Threads: one.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

class PhaseReport {
public:
    explicit PhaseReport(nlohmann::json document) : document_(std::move(document)) {} // braces would make a list
    double at(const char* name) const { return document_.at(name).get<double>(); }
    std::vector<double> list(const char* name) const { return document_.at(name).get<std::vector<double>>(); }

private:
    nlohmann::json document_;
};

// Runs "write", "open", "read", "verify", "scan", "rebuild" or another part that phases.cpp lists on the store in
// `directory` and waits for its report.
PhaseReport run_phase(const std::string& phase, const std::string& directory, std::uint64_t events);

// Starts a process that appends after `events` events, and kills it while it appends. Returns how many were acknowledged.
std::uint64_t kill_writer(const std::string& directory, std::uint64_t events);

// The other side: called by main() in the process that was started.
int be_phase(const std::string& phase, const std::string& directory, std::uint64_t events);

} // namespace bench
