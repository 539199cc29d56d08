#include "append/wakeup.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace eventloom {

namespace {

// futex(2). Waking an address at which nobody sleeps any more does nothing.
void call_futex(std::atomic<std::uint32_t>* word, int operation, std::uint32_t value)
{
    syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}

} // namespace

std::uint32_t Wakeup::wait()
{
    for (;;) {
        if (const auto word = word_.exchange(0, std::memory_order_acquire); word != 0) return word;
        call_futex(&word_, FUTEX_WAIT, 0);
    }
}

void Wakeup::wake(std::uint32_t word)
{
    auto* const address = &word_;
    address->store(word, std::memory_order_release);
    call_futex(address, FUTEX_WAKE, 1);
}

} // namespace eventloom
