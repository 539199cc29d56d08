// One thread sleeps until another wakes it and gives it a word.
//
// Not a condition variable: a thread that is notified under the lock wakes and then sleeps again on the lock, two switches
// instead of one. Not std::atomic's wait: that of GCC 12 spins and yields before it sleeps, and dozens of spinning callers
// leave no core to the leader. With 64 callers on two cores nearly all time goes into switches, so their number decides the
// speed. Threads: one waits, one wakes.
#pragma once

#include <atomic>
#include <cstdint>

namespace eventloom {

class Wakeup {
public:
    // Sleeps while there is no word; takes it. A word is not 0.
    std::uint32_t wait();
    // This object may be destroyed as soon as the word is there: after that only its address is used.
    void wake(std::uint32_t word);

private:
    std::atomic<std::uint32_t> word_{0};
};

} // namespace eventloom
