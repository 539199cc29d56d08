// Measures: runs pieces of work in turns, several times, and keeps the median and the spread.
//
//     Row row{.name = "append", .unit = "events/s", .target = Target::times_the_better(1.5)};
//     row.figures = measure_in_turns(5, {{"eventloom", [&] { return append_ours(); }},
//                                        {"LevelDB", [&] { return append_raw(); }}});
//
// Turns are taken round by round, so that what disturbs the machine disturbs all alike: trust a ratio more than a rate.
// Threads: one; the work may have threads of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Spread {
    double median = 0;
    double least  = 0;
    double most   = 0;
};

Spread spread_of(std::vector<double> values);

// Who did the work of a row, and how fast or how much. The first of a row is Eventloom.
struct Figure {
    std::string who;
    Spread spread;
};

// What a row should reach.
struct Target {
    enum class Kind : std::uint8_t { times_the_better, at_most_times_the_last, at_least, at_most };
    Kind kind;
    double value;

    // Ours over the best of the others in the row.
    static Target times_the_better(double value) { return {Kind::times_the_better, value}; }
    // Ours over the last one in the row, where less is better.
    static Target at_most_times_the_last(double value) { return {Kind::at_most_times_the_last, value}; }
    static Target at_least(double value) { return {Kind::at_least, value}; }
    static Target at_most(double value) { return {Kind::at_most, value}; }
};

struct Row {
    std::string name;
    std::string unit;
    std::optional<Target> target = std::nullopt;
    std::vector<Figure> figures  = {};
    std::string note             = {}; // what one must know to read the figures
};

// Ours over what the target compares with; nothing where the row stands alone.
std::optional<double> ratio_of(const Row& row);
bool meets_target(const Row& row);

struct Contender {
    std::string who;
    std::function<std::uint64_t()> work;   // says how many operations it did
    std::function<void()> prepare = [] {}; // before each of its turns, not measured
};

// Operations a second of each contender.
std::vector<Figure> measure_in_turns(unsigned rounds, const std::vector<Contender>& contenders);

// One figure that was taken once.
Figure once(std::string who, double value);

// How long `work` takes.
double seconds_of(const std::function<void()>& work);

// Ends the program when a measured piece of work did not do what it should: a wrong answer is not a fast one.
void require(bool correct, std::string_view what);

// A directory of its own, gone at the end of the program; `remove_directory` lets its space go before that.
std::string fresh_directory(const std::string& name);
void remove_directory(const std::string& directory);

// The size of all files under it.
std::uint64_t bytes_in(const std::string& directory);

// A line on standard error, so that who waits knows for what.
void say(const std::string& what);

} // namespace bench
