// Where rows can be kept. What holds for one place holds for all of them: a new one adds a line here.
#pragma once

#include <eventloom/projections/read_model.hpp>

#include <ostream>
#include <vector>

namespace eventloom {

inline std::ostream& operator<<(std::ostream& out, RowPlace place)
{
    return out << to_string(place);
}

namespace testing {

inline const std::vector<RowPlace> every_place{RowPlace::leveldb, RowPlace::sqlite, RowPlace::memory};
// Those that are there after a restart.
inline const std::vector<RowPlace> every_lasting_place{RowPlace::leveldb, RowPlace::sqlite};

} // namespace testing

} // namespace eventloom
