// Of streams of aggregates: category, a hyphen, and the id of one of them.
#pragma once

#include <string_view>

namespace eventloom {

// "order-" is of nobody: mostly somebody's variable was empty, and all such events would lie in one stream.
inline bool lacks_id(std::string_view stream)
{
    return not stream.empty() && stream.find('-') == stream.size() - 1;
}

} // namespace eventloom
