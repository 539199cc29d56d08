// expect: command_without_decide<Join, Course>
#include "decision.hpp"
struct Course {};
Course evolve(Course course, const Joined&);
Course boundary_of(const Join&);
auto decided = el::DecisionModel<Courses, Join>{Join{}, el::Time{}}.decided();
