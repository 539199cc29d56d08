// Students subscribe to courses. A course takes no more students than its capacity, which may change at any time; a student
// joins no more than five courses.
#pragma once

#include <eventloom/framework/decision.hpp>

namespace courses {

namespace el = eventloom;

using CourseId  = el::id<struct Course>;
using StudentId = el::id<struct Student>;

// clang-format off

// Events, and what each is about.
struct Defined         { CourseId course; int capacity = 0; };
struct CapacityChanged { CourseId course; int capacity = 0; };
struct Subscribed      { StudentId student; CourseId course; };

inline el::Tags tags_of(const Defined& event)         { return {tag("course", event.course)}; }
inline el::Tags tags_of(const CapacityChanged& event) { return {tag("course", event.course)}; }
inline el::Tags tags_of(const Subscribed& event)      { return {tag("student", event.student), tag("course", event.course)}; }

struct Courses {
    static constexpr auto stream = "courses";
    using Events = el::events<el::event<"course-defined", Defined>,
                              el::event<"course-capacity-changed", CapacityChanged>,
                              el::event<"student-subscribed", Subscribed>>;
};
static_assert(el::decision_context<Courses>);

// Views: what each rule needs to know, and no more. An event that a view has no evolve for cannot make its commands fail.
struct Course       { CourseId id; bool defined = false; int capacity = 0; };
struct Seats        { CourseId course; int taken = 0; };
struct Timetable    { StudentId student; int courses = 0; };
struct Subscription { StudentId student; CourseId course; bool exists = false; };

inline el::Tags tags_of(const Course& view)       { return {tag("course", view.id)}; }
inline el::Tags tags_of(const Seats& view)        { return {tag("course", view.course)}; }
inline el::Tags tags_of(const Timetable& view)    { return {tag("student", view.student)}; }
inline el::Tags tags_of(const Subscription& view) { return {tag("student", view.student), tag("course", view.course)}; }

inline Course evolve(Course view, const Defined& event)            { view.defined = true; view.capacity = event.capacity; return view; }
inline Course evolve(Course view, const CapacityChanged& event)    { view.capacity = event.capacity; return view; }
inline Seats evolve(Seats view, const Subscribed&)                 { ++view.taken; return view; }
inline Timetable evolve(Timetable view, const Subscribed&)         { ++view.courses; return view; }
inline Subscription evolve(Subscription view, const Subscribed&)   { view.exists = true; return view; }

// Commands, and the boundary of each.
struct Define         { CourseId course; int capacity = 0; };
struct ChangeCapacity { CourseId course; int capacity = 0; };
struct Subscribe      { StudentId student; CourseId course; };

inline auto boundary_of(const Define& command)         { return Course{command.course}; }
inline auto boundary_of(const ChangeCapacity& command) { return Course{command.course}; }
inline auto boundary_of(const Subscribe& command)
{
    return std::tuple{Course{command.course}, Seats{command.course}, Timetable{command.student},
                      Subscription{command.student, command.course}};
}

// clang-format on

inline el::result<Defined> decide(const Define& command, const Course& course)
{
    if (course.defined) return el::refuse("course-exists", "A course with this id exists.");
    if (command.capacity < 1) return el::refuse("no-capacity", "A course has at least one seat.");
    return Defined{command.course, command.capacity};
}

inline el::result<CapacityChanged> decide(const ChangeCapacity& command, const Course& course)
{
    if (not course.defined) return el::refuse("no-such-course", "There is no course with this id.");
    if (command.capacity < 1) return el::refuse("no-capacity", "A course has at least one seat.");
    if (command.capacity == course.capacity) return el::refuse("same-capacity", "The course has this capacity.");
    return CapacityChanged{command.course, command.capacity};
}

inline el::result<Subscribed> decide(const Subscribe& command, const Course& course, const Seats& seats,
                                     const Timetable& timetable, const Subscription& subscription)
{
    if (not course.defined) return el::refuse("no-such-course", "There is no course with this id.");
    if (seats.taken >= course.capacity) return el::refuse("course-full", "The course is fully booked.");
    if (subscription.exists) return el::refuse("already-subscribed", "The student is subscribed to this course.");
    if (timetable.courses >= 5) return el::refuse("too-many-courses", "A student joins no more than five courses.");
    return Subscribed{command.student, command.course};
}

} // namespace courses
