// Where in an object its members are. No compiler tells that of a constant table, so the first object that comes by tells it.
#pragma once

#include <eventloom/framework/detail/description.hpp>

#include <string>
#include <vector>

namespace eventloom::detail {

// What is done at a step: kind and size of a number in one, for it is asked at every step. held: by what the type is.
enum class Doing : std::uint8_t { text, s1, s2, s4, s8, u1, u2, u4, u8, flag, real, own, held };

// Neighbours of one kind, texts or numbers side by side, are one step.
struct Step {
    Doing doing;
    std::uint16_t count;
    std::uint32_t offset;
    const Description* type;
};
inline constexpr std::uint16_t most_in_step = 6;

struct Field {
    std::string_view name;
    std::uint32_t offset;
    const Description* type;
};
// The steps go through the records within a record; the fields are those of the record itself.
struct Plan {
    std::vector<Step> steps;
    std::vector<Field> fields;
};

const Plan& make_plan(const Description& type, const void* object);

inline const Plan& plan_of(const Description& type, const void* object)
{
    const Plan* const plan = type.plan.load(std::memory_order_acquire);
    return plan != nullptr ? *plan : make_plan(type, object);
}

std::vector<std::string> names_of_members(const Description& type);

// Calls with the number that stands at a place, as the integral type that it is.
template <class Place, class Visit>
decltype(auto) with_integer(const Description& type, Place* at, const Visit& visit)
{
    const auto as = [&]<class Number>(Number) -> decltype(auto) {
        using Of = std::conditional_t<std::is_const_v<Place>, const Number, Number>;
        return visit(*static_cast<Of*>(at));
    };
    if (type.kind == Kind::counting) {
        switch (type.size) {
        case 1:
            return as(std::uint8_t{});
        case 2:
            return as(std::uint16_t{});
        case 4:
            return as(std::uint32_t{});
        default:
            return as(std::uint64_t{});
        }
    }
    switch (type.size) {
    case 1:
        return as(std::int8_t{});
    case 2:
        return as(std::int16_t{});
    case 4:
        return as(std::int32_t{});
    default:
        return as(std::int64_t{});
    }
}

} // namespace eventloom::detail
