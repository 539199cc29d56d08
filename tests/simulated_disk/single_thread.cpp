// LevelDB on one thread: its background work is queued, and done where LevelDB would otherwise wait for it.
//
// LevelDB calls Env::Schedule with its mutex held, so the work cannot be done there; where it waits, in
// pthread_cond_wait, the mutex is let go. This executable's pthread_cond_wait takes the place of libc's, does one piece of
// work and returns, which to LevelDB is a spurious wake-up. Works because libleveldb is a shared library.
#include "simulated_disk/simulated_disk.hpp"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <malloc.h>
#include <pthread.h>
#include <utility>

namespace {

std::deque<std::pair<void (*)(void*), void*>>& jobs()
{
    static std::deque<std::pair<void (*)(void*), void*>> waiting;
    return waiting;
}

// A database that is opened a hundred thousand times asks for the same memory each time: the system is not to take it back.
const bool memory_is_kept = mallopt(M_TRIM_THRESHOLD, 1 << 30) == 1 && mallopt(M_MMAP_THRESHOLD, 1 << 28) == 1;

} // namespace

namespace eventloom::testing {

void queue_background_job(void (*job)(void*), void* argument)
{
    jobs().emplace_back(job, argument);
}

bool run_one_background_job()
{
    if (jobs().empty()) return false;
    const auto [job, argument] = jobs().front();
    jobs().pop_front();
    job(argument);
    return true;
}

void run_background_work()
{
    while (run_one_background_job()) {
    }
}

} // namespace eventloom::testing

extern "C" int pthread_cond_wait(pthread_cond_t*, pthread_mutex_t* mutex)
{
    if (not jobs().empty()) {
        pthread_mutex_unlock(mutex);
        eventloom::testing::run_one_background_job();
        pthread_mutex_lock(mutex);
        return 0;
    }
    // Nobody waits here but LevelDB, and for nothing but its background work: whoever waits without any waits for ever.
    std::fputs("simulated deadlock: a wait with no background work to be done\n", stderr);
    std::abort();
}
