// expect: el::handles hears the events of an aggregate, not those of a context of decisions
#include "decision.hpp"
#include <eventloom/messaging/groups.hpp>
auto mails = el::handles<Courses>([](const Joined&) -> el::result<void> { return el::done(); });
