#include "rows/projection_shape.hpp"

#include <eventloom/framework/detail/shape.hpp>

namespace eventloom {

std::optional<std::string> shape_text(const UntypedProjection& definition)
{
    std::string text;
    for (const TableDescription& table : definition.tables()) {
        if (table.row_shape.empty()) return std::nullopt;
        text += "table " + table.name + "\n" + table.key_shape + " " + table.row_shape + "\n";
        for (const IndexDescription& index : table.indexes) {
            text += (index.unique ? "unique " : "index ") + index.name + " " + index.shape + "\n";
        }
    }
    return text;
}

std::string shape_of(const UntypedProjection& definition)
{
    const auto text = shape_text(definition);
    return text ? digits_of_fingerprint(fingerprint_of(*text)) : std::string{};
}

bool may_have_shape_of(const Generation& stored, const UntypedProjection& definition)
{
    const auto known = shape_of(definition);
    return stored.shape.empty() || known.empty() || stored.shape == known;
}

} // namespace eventloom
