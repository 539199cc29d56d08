// What the code that seals the personal parts of an event and the code that opens them must do in the same way.
#pragma once

#include "subject_key.hpp"

#include <eventloom/framework/detail/personal_parts.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace eventloom {

inline constexpr std::uint8_t sealing_version = 1; // the first byte of what is sealed

// What a part belongs to. It is authenticated with the part: sealed bytes that are found in another place do not open.
std::string part_context(const Uuid& id, std::string_view stream, std::string_view type, std::uint32_t schema_version,
                         const PersonalNote& note, std::size_t part);

// Writes each part of `data` again, and sets `places` to the new places. False: a part is not where it should be.
template <class Remake>
bool remake_parts(std::string& data, PersonalPlaces& places, const Remake& remake)
{
    std::string made;
    made.reserve(data.size() + places.size() * (sealed_by + 8));
    std::size_t taken = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
        const auto part = personal_part_at(data, places[i]);
        if (not part || places[i] < taken) return false;
        made.append(data, taken, places[i] - taken);
        taken     = places[i] + part->size;
        places[i] = made.size();
        if (not remake(made, *part, i)) return false;
    }
    made.append(data, taken);
    data = std::move(made);
    return true;
}

} // namespace eventloom
