// A place where one thread sleeps until another leaves it a word.
//
// Not a condition variable: whoever is told under its lock wakes only to sleep again on the lock, two switches for one; and
// not std::atomic's wait: that of GCC 12 spins and yields before it sleeps, and dozens of callers that spin leave no core
// to the one who leads. With 64 callers on two cores nearly all time goes into switches, so their number is the speed.
// Threads: one waits, one leaves a word.
#pragma once

#include <atomic>
#include <cstdint>

namespace eventloom {

class Parking {
public:
    // Sleeps while there is no word; takes it. A word is not 0.
    std::uint32_t take();
    // The parking may be gone as soon as the word is there: nothing of it is touched after that, but its address.
    void leave(std::uint32_t word);

private:
    std::atomic<std::uint32_t> word_{0};
};

} // namespace eventloom
