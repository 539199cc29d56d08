// expect: command_without_boundary_of<Join>
#include "decision.hpp"
el::DecisionModel<Courses, Join> model{Join{}, el::Time{}};
