#include "support/measuring/append_rate_plot.hpp"

#include <eventloom/service/output.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

namespace bench {

namespace {

constexpr double width  = 800;
constexpr double height = 360;
constexpr double left   = 90; // room for the numbers
constexpr double top    = 40;
constexpr double right  = width - 20;
constexpr double bottom = height - 50;

// 1, 2 or 5 times a power of ten, so that about four lines fit.
double step_for(double most)
{
    const double power = std::pow(10, std::floor(std::log10(most / 4)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (most / (power * factor) <= 5) return power * factor;
    }
    return power * 10;
}

std::string label(double x, double y, const char* anchor, const std::string& text)
{
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor, text);
}

} // namespace

void plot_append_rate(const std::vector<double>& seconds_of_hundredths, double events, const std::string& file)
{
    std::vector<double> rates;
    for (const double seconds : seconds_of_hundredths) rates.push_back(events / 100 / seconds);
    const double step = step_for(*std::max_element(rates.begin(), rates.end()));
    const double most = step * std::ceil(*std::max_element(rates.begin(), rates.end()) / step);
    const auto x_of   = [&](double part) { return left + part * (right - left); };
    const auto y_of   = [&](double rate) { return bottom - rate / most * (bottom - top); };
    const auto number = [](double value) { return eventloom::with_separators(static_cast<std::int64_t>(value)); };

    std::string svg = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
                                  "font-family=\"sans-serif\" font-size=\"13\">\n"
                                  "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
                                  width, height);
    svg += label(left, 24, "start", "Durable appends a second, 320-byte events, 1,024 in flight, while the log grows");
    for (double rate = 0; rate <= most * 1.001; rate += step) {
        svg += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"#ddd\"/>\n", left, y_of(rate), right);
        svg += label(left - 8, y_of(rate) + 4, "end", number(rate));
    }
    for (int tenth = 0; tenth <= 10; tenth += 2) {
        svg += label(x_of(tenth / 10.0), bottom + 20, "middle", number(events * tenth / 10));
    }
    svg += label((left + right) / 2, height - 10, "middle", "events in the log");
    std::string points;
    for (std::size_t i = 0; i < rates.size(); ++i) {
        points += fmt::format("{:.1f},{:.1f} ", x_of((static_cast<double>(i) + 0.5) / 100), y_of(rates[i]));
    }
    svg += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"#1f5fa8\" stroke-width=\"1.5\"/>\n</svg>\n",
                       points);
    const std::filesystem::path path{file};
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
    std::ofstream{path} << svg;
}

} // namespace bench
