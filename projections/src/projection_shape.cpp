#include "projection_shape.hpp"

#include <xxhash.h>

namespace eventloom {

std::optional<std::string> shape_text(const Projection& definition)
{
    std::string text;
    for (const TableDescription& table : definition.tables()) {
        if (not table.row_shape) return std::nullopt;
        text += "table " + table.name + "\n" + table.key_shape + " " + *table.row_shape + "\n";
        for (const IndexDescription& index : table.indexes) {
            text += (index.unique ? "unique " : "index ") + index.name + " " + index.shape + "\n";
        }
    }
    return text;
}

std::string shape_of(const Projection& definition)
{
    constexpr std::string_view digits = "0123456789abcdef";
    const auto text                   = shape_text(definition);
    if (not text) return {};
    const auto hash = XXH3_64bits(text->data(), text->size());
    std::string shape;
    for (int shift = 60; shift >= 0; shift -= 4) shape.push_back(digits[hash >> shift & 15]);
    return shape;
}

bool may_have_shape_of(const Generation& stored, const Projection& definition)
{
    const auto known = shape_of(definition);
    return stored.shape.empty() || known.empty() || stored.shape == known;
}

} // namespace eventloom
