// The shape of a projection's rows: what two versions of it must have in common, for the newer one to read what the older one
// has written.
#pragma once

#include <eventloom/projections/projected.hpp>

#include <string>

namespace eventloom {

// Sixteen hexadecimal digits of a hash over tables, keys, rows and indexes; empty when a row writes itself with a `serialize` of
// its own, and so is like no other. docs/format.md, "Shapes".
std::string shape_of(const Projection& definition);

// What the hash is of.
std::optional<std::string> shape_text(const Projection& definition);

} // namespace eventloom
