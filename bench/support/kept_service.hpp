// The service whose data directory is kept: orders, and customers whose names and streets can be erased. It is a program like any
// other, so what is measured is what an operator types.
//
//     cost_of_command({"fill", "10000000", "--data", directory});
//     cost_of_command({"store", "scavenge", "--yes", "--data", directory}).seconds;
//
// Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bench::kept {

struct CommandCost {
    double seconds  = 0;
    double peak_mib = 0; // of resident memory
};

// Runs a command of the service in a process of its own; what it says goes nowhere. Ends the program when it does not end well.
CommandCost cost_of_command(const std::vector<std::string>& words);

// The program itself. Beside the commands that every service has:
//   fill COUNT            appends so many events, a multiple of 100,000, after those that are there: nine of orders, then one with
//                         a customer's personal data; ten events an order, a hundred a customer
//   delete-orders COUNT   deletes the streams of so many orders, every second one
int run_service(int argc, char** argv);
} // namespace bench::kept
