#include "support/measuring/report.hpp"

#include <eventloom/service/output.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/utsname.h>
#include <thread>

namespace bench {

namespace {

using nlohmann::ordered_json;

std::string text_of(double value)
{
    if (value >= 100) return eventloom::with_separators(static_cast<std::int64_t>(value + 0.5));
    return value >= 10 ? fmt::format("{:.1f}", value) : fmt::format("{:.2f}", value);
}

std::string text_of(const Spread& spread)
{
    if (spread.least == spread.most) return text_of(spread.median);
    return text_of(spread.median) + " (" + text_of(spread.least) + "–" + text_of(spread.most) + ")";
}

std::string text_of(const Target& target)
{
    switch (target.kind) {
    case Target::Kind::times_the_better:
        return fmt::format("≥ {:.4g} ×", target.value);
    case Target::Kind::at_most_times_the_last:
        return fmt::format("≤ {:.4g} ×", target.value);
    case Target::Kind::at_least:
        return "≥ " + text_of(target.value);
    case Target::Kind::at_most:
        return "≤ " + text_of(target.value);
    }
    return {};
}

std::string others_of(const Row& row)
{
    std::string others;
    for (std::size_t i = 1; i < row.figures.size(); ++i) {
        others.append(i > 1 ? "; " : "").append(row.figures[i].who).append(" ").append(text_of(row.figures[i].spread));
    }
    return others;
}

std::string ratio_text(const Row& row)
{
    const auto ratio = ratio_of(row);
    return ratio ? fmt::format("{:.2f}", *ratio) : "";
}

std::string verdict_of(const Row& row)
{
    if (not row.target) return {};
    return text_of(*row.target) + (meets_target(row) ? "" : " short");
}

void show_table(const std::vector<Row>& rows)
{
    using eventloom::Align;
    eventloom::TableRows cells;
    for (const Row& row : rows) {
        cells.push_back({row.name, row.unit, text_of(row.figures.front().spread), others_of(row), ratio_text(row),
                         verdict_of(row)});
    }
    const auto lines = eventloom::table_lines({{"work"},
                                               {"unit"},
                                               {"Eventloom, median (least–most)", Align::right},
                                               {"the same work elsewhere"},
                                               {"ratio", Align::right},
                                               {"target"}},
                                              cells);
    for (const auto& line : lines) fmt::print("{}\n", line);
}

void show_markdown(const std::vector<Row>& rows)
{
    fmt::print("| work | unit | Eventloom | the same work elsewhere | ratio | target |\n"
               "| --- | --- | --- | --- | --- | --- |\n");
    for (const Row& row : rows) {
        fmt::print("| {} | {} | {} | {} | {} | {} |\n", row.name, row.unit, text_of(row.figures.front().spread),
                   others_of(row), ratio_text(row), verdict_of(row));
    }
    for (const Row& row : rows) {
        if (not row.note.empty()) fmt::print("- {}: {}.\n", row.name, row.note);
    }
}

ordered_json json_of(const Row& row)
{
    ordered_json entry{{"name", row.name}, {"unit", row.unit}, {"figures", ordered_json::array()}};
    for (const Figure& figure : row.figures) {
        entry["figures"].push_back({{"who", figure.who},
                                    {"median", figure.spread.median},
                                    {"least", figure.spread.least},
                                    {"most", figure.spread.most}});
    }
    if (const auto ratio = ratio_of(row)) entry["ratio"] = *ratio;
    if (row.target) {
        entry["target"] = text_of(*row.target);
        entry["met"]    = meets_target(row);
    }
    if (not row.note.empty()) entry["note"] = row.note;
    return entry;
}

// The value of a line such as "model name : ..." or "MemTotal: ...", without its name.
std::string line_of(const char* file, std::string_view name)
{
    std::ifstream lines{file};
    for (std::string line; std::getline(lines, line);) {
        if (not line.starts_with(name)) continue;
        const auto value = line.find_first_not_of(" \t", line.find(':') + 1);
        return value == std::string::npos ? "" : line.substr(value);
    }
    return {};
}

ordered_json machine()
{
    utsname system{};
    uname(&system);
    return {{"system", std::string{system.sysname} + " " + system.release},
            {"processor", line_of("/proc/cpuinfo", "model name")},
            {"cores", std::thread::hardware_concurrency()},
            {"memory", line_of("/proc/meminfo", "MemTotal")}};
}

} // namespace

void show(const std::vector<Row>& rows, const ReportOptions& options)
{
    if (options.markdown)
        show_markdown(rows);
    else
        show_table(rows);
    auto results = ordered_json::array();
    for (const Row& row : rows) results.push_back(json_of(row));
    // Said by ./dev, which knows.
    const char* commit = std::getenv("EVENTLOOM_COMMIT");
    const ordered_json document{{"command", options.command},
                                {"commit", commit != nullptr ? commit : ""},
                                {"machine", machine()},
                                {"results", results}};
    const std::filesystem::path file{options.file};
    if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
    std::ofstream{file} << document.dump(2) << "\n";
}

} // namespace bench
