// expect: begin_event_without_a_member<Joined, eventloom::id<Student> >
#include <eventloom/framework/decision.hpp>
#include <eventloom/sagas/saga.hpp>
namespace el = eventloom;
struct Joined {
    std::string student;
};
inline el::Tags tags_of(const Joined& event)
{
    return {el::tag("student", event.student)};
}
struct Courses {
    static constexpr auto stream = "courses";
    using Events                 = el::events<el::event<"student-joined", Joined>>;
};
struct Receipt {
    std::string number;
};
struct Charge {
    using answer = Receipt;
};
struct Work {
    std::string number;
};
struct Student;
auto saga = el::saga<Work>(
    "work", 1, el::begins{el::from<Courses>(), [](const el::id<Student>&, const Joined&) { return Work{}; }},
    el::step("one", el::act{[](const Work&) { return el::call(Charge{}); }}));
