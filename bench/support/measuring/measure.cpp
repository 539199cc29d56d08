#include "support/measuring/measure.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace bench {

namespace {

struct Scratch {
    std::filesystem::path path = std::filesystem::current_path() / "build" / "bench-scratch";
    Scratch()
    {
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(path);
    }
    ~Scratch() { std::filesystem::remove_all(path); }
};

Scratch& scratch()
{
    static Scratch here;
    return here;
}

} // namespace

Spread spread_of(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return {values[values.size() / 2], values.front(), values.back()};
}

std::optional<double> ratio_of(const Row& row)
{
    if (row.figures.size() < 2) return std::nullopt;
    const double ours = row.figures.front().spread.median;
    if (row.target && row.target->kind == Target::Kind::at_most_times_the_last) {
        return ours / row.figures.back().spread.median;
    }
    double best = 0;
    for (std::size_t i = 1; i < row.figures.size(); ++i) best = std::max(best, row.figures[i].spread.median);
    return ours / best;
}

bool meets_target(const Row& row)
{
    if (not row.target) return true;
    switch (row.target->kind) {
    case Target::Kind::times_the_better:
        return ratio_of(row).value_or(0) >= row.target->value;
    case Target::Kind::at_most_times_the_last:
        return ratio_of(row).value_or(row.target->value) <= row.target->value;
    case Target::Kind::at_least:
        return row.figures.front().spread.median >= row.target->value;
    case Target::Kind::at_most:
        return row.figures.front().spread.median <= row.target->value;
    }
    return false;
}

std::vector<Figure> measure_in_turns(unsigned rounds, const std::vector<Contender>& contenders)
{
    std::vector<std::vector<double>> rates(contenders.size());
    for (unsigned round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < contenders.size(); ++i) {
            contenders[i].prepare();
            std::uint64_t count  = 0;
            const double seconds = seconds_of([&] { count = contenders[i].work(); });
            rates[i].push_back(static_cast<double>(count) / seconds);
        }
    }
    std::vector<Figure> figures;
    for (std::size_t i = 0; i < contenders.size(); ++i) figures.push_back({contenders[i].who, spread_of(rates[i])});
    return figures;
}

Figure once(std::string who, double value)
{
    return {std::move(who), {value, value, value}};
}

double seconds_of(const std::function<void()>& work)
{
    const auto began = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void require(bool correct, std::string_view what)
{
    if (correct) return;
    std::fprintf(stderr, "the measured work went wrong: %.*s\n", static_cast<int>(what.size()), what.data());
    std::exit(1);
}

std::string fresh_directory(const std::string& name)
{
    const auto path = scratch().path / name;
    std::filesystem::remove_all(path);
    return path.string();
}

void remove_directory(const std::string& directory)
{
    std::filesystem::remove_all(directory);
}

std::uint64_t bytes_in(const std::string& directory)
{
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{directory}) {
        if (entry.is_regular_file()) bytes += entry.file_size();
    }
    return bytes;
}

void say(const std::string& what)
{
    std::fprintf(stderr, "  %s\n", what.c_str());
}

} // namespace bench
