// expect: event_without_tags_in<Joined, Courses>
#include <eventloom/framework/decision.hpp>
namespace el = eventloom;
struct Joined {};
struct Courses {
    static constexpr auto stream = "courses";
    using Events                 = el::events<el::event<"joined", Joined>>;
};
static_assert(el::decision_context<Courses>);
