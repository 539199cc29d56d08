#include <eventloom/projections/projected.hpp>

#include <eventloom/framework/utf8.hpp>

namespace eventloom::detail {

Error unique_index_violated(const TableDescription& table, const std::string& index, const std::string& key,
                            const std::string& other_key)
{
    return {Failure::invalid, "unique-index-violated",
            "changed the row " + printable(key) + (table.name.empty() ? "" : " of " + table.name) +
                " and found that the row " + printable(other_key) + " has the same value in the unique index \"" +
                index + "\"; a handler must give each row its own, or the index must not be unique"};
}

} // namespace eventloom::detail
