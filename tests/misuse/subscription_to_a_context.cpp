// expect: el::hearing hears the events of an aggregate, not those of a context of decisions
#include "decision.hpp"
#include <eventloom/messaging/subscriptions.hpp>
auto mails = el::hearing<Courses>([](const Joined&) -> el::result<void> { return el::done(); });
