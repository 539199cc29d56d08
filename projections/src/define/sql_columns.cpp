#include <eventloom/projections/detail/sql_columns.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace eventloom {

namespace {

std::string in_small_letters(std::string name)
{
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return name;
}

} // namespace

std::vector<RowColumn> with_distinct_names(std::vector<RowColumn> columns)
{
    std::set<std::string> taken{"_key", "_stored"}; // which a place adds for itself
    for (RowColumn& column : columns) {
        const auto name = column.name;
        for (int number = 2; not taken.insert(in_small_letters(column.name)).second; ++number) {
            column.name = fmt::format("{}_{}", name, number);
        }
    }
    return columns;
}

} // namespace eventloom
