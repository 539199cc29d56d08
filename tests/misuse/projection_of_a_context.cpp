// expect: a projection hears the events of aggregates (el::from<...>), not those of a context of decisions
#include <eventloom/framework/decision.hpp>
#include <eventloom/projections/projection.hpp>
namespace el = eventloom;
struct Joined {
    el::id<struct Student> student;
};
inline el::Tags tags_of(const Joined& event)
{
    return {tag("student", event.student)};
}
struct Courses {
    static constexpr auto stream = "courses";
    using Events                 = el::events<el::event<"student-joined", Joined>>;
};
struct Row {
    int joined = 0;
};
auto rows = el::projection<el::id<struct Student>, Row>("students", 1, el::from<Courses>(),
                                                        [](Row& row, const Joined&) { ++row.joined; });
