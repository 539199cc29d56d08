// The shape of a projection's rows. When two versions have the same shape, the newer one can read what the older one has
// written.
#pragma once

#include "rows/generations.hpp"

#include <eventloom/projections/projected.hpp>

#include <string>

namespace eventloom {

// Sixteen hexadecimal digits of a hash over tables, keys, rows and indexes; empty when a row writes itself with a `serialize` of
// its own, and so is like no other. docs/format.md, "Shapes".
std::string shape_of(const UntypedProjection& definition);

// False when both are known and differ: then the members of the rows have changed, and stored rows would be misread.
bool may_have_shape_of(const Generation& stored, const UntypedProjection& definition);

// The advice when they have changed under one version.
inline constexpr std::string_view raise_the_version =
    "; raise the projection's version whenever the members of its rows change";

// The text that is hashed.
std::optional<std::string> shape_text(const UntypedProjection& definition);

} // namespace eventloom
