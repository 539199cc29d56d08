// Lets allocations of Eventloom fail, and none of LevelDB's.
//
//     fail_allocation(17, Failing::once);
//     const auto answer = store->append(request);
//     const bool happened = allocations_fail_no_more();   // false: there were fewer than 17
//
// Only what is allocated while no function of libleveldb is on the stack counts: an exception that unwinds LevelDB leaves it
// with locks that are never given back. Every executable with this links failing_new.cpp. Threads: each has its own count.
#pragma once

namespace eventloom::testing {

enum class Failing { once, from_then_on };

// The nth allocation from now on. Fails the test where LevelDB cannot be told from the rest.
void fail_allocation(unsigned long nth, Failing failing);
bool allocations_fail_no_more();

// Of all threads, what was allocated and not freed.
long live_allocations();

} // namespace eventloom::testing
