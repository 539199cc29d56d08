// Shows what was measured: a table for people, or rows of Markdown; and JSON for keeping, with machine, commit and command.
#pragma once

#include "support/measuring/measure.hpp"

namespace bench {

struct ReportOptions {
    std::string command = {};
    std::string file    = "build/bench.json";
    bool markdown       = false;
};

void show(const std::vector<Row>& rows, const ReportOptions& options);

} // namespace bench
