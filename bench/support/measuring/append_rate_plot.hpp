// Draws how fast events were appended while the log grew, as an SVG for the documentation.
#pragma once

#include <string>
#include <vector>

namespace bench {

// `seconds_of_hundredths`: how long each hundredth of `events` took.
void plot_append_rate(const std::vector<double>& seconds_of_hundredths, double events, const std::string& file);

} // namespace bench
