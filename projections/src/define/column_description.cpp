#include <eventloom/projections/detail/column_description.hpp>

namespace eventloom {

std::string_view to_string(ColumnKind kind)
{
    switch (kind) {
    case ColumnKind::text:
        return "text";
    case ColumnKind::whole_number:
        return "whole number";
    case ColumnKind::number:
        return "number";
    case ColumnKind::truth:
        return "true or false";
    case ColumnKind::time:
        return "time";
    case ColumnKind::other:
        return "JSON";
    }
    return "unnamed";
}

} // namespace eventloom
