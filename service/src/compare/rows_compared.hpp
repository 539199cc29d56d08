// The differences between the rows of a projection before and after, counted for each table, with the first examples.
//
//     RowsCompared compared{10};
//     BOOST_OUTCOME_TRY(compared.compare(before, after, console));
//
// Threads: one.
#pragma once

#include "compare/rows_in_order.hpp"

#include <map>

namespace eventloom {

class RowsCompared {
public:
    struct Counts {
        std::uint64_t same    = 0;
        std::uint64_t added   = 0;
        std::uint64_t gone    = 0;
        std::uint64_t changed = 0;
    };
    struct Example {
        std::string table;
        std::string what; // "added", "gone", "changed"
        std::optional<std::string> before;
        std::optional<std::string> after;
    };

    explicit RowsCompared(std::size_t examples_max) : examples_max_{examples_max} {}

    // Walks over both in step, with two rows in memory. Ends early when the command is stopped.
    result<void> compare(RowsInOrder& before, RowsInOrder& after, const Console& console);

    const std::map<std::string, Counts>& tables() const { return tables_; }
    const std::vector<Example>& examples() const { return examples_; }
    std::uint64_t differences() const;

private:
    void add(const RowInOrder* before, const RowInOrder* after);

    const std::size_t examples_max_;
    std::map<std::string, Counts> tables_;
    std::vector<Example> examples_;
};

} // namespace eventloom
