// expect: view_that_hears_no_event_of<Course, Courses>
#include "decision.hpp"
struct Course {};
Course boundary_of(const Join&);
el::DecisionModel<Courses, Join> model{Join{}, el::Time{}};
