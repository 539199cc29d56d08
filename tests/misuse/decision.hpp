// A context with one event, for the misuses of decisions.
#pragma once
#include <eventloom/framework/decision.hpp>
namespace el = eventloom;
struct Joined {};
inline el::Tags tags_of(const Joined&)
{
    return {"course:c1"};
}
struct Courses {
    static constexpr auto stream = "courses";
    using Events                 = el::events<el::event<"joined", Joined>>;
};
struct Join {};
