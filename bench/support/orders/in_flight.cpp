#include "support/orders/in_flight.hpp"

#include "support/measuring/measure.hpp"

#include <condition_variable>
#include <mutex>

namespace bench {

std::uint64_t append_in_flight(eventloom::EventStore& store, std::vector<PreparedAppend>& appends)
{
    std::mutex mutex;
    std::condition_variable answered;
    std::size_t in_flight = 0;
    for (auto& append : appends) {
        {
            std::unique_lock lock{mutex};
            answered.wait(lock, [&] { return in_flight < appends_in_flight; });
            ++in_flight;
        }
        store.append(std::move(append.request), [&](const eventloom::result<eventloom::Appended>& appended) {
            require(appended.has_value(), "an append in flight is acknowledged");
            const std::lock_guard lock{mutex};
            // Woken when there is room for many: one by one the two threads would do nothing but wake each other.
            if (--in_flight == appends_in_flight / 2 || in_flight == 0) answered.notify_one();
        });
    }
    std::unique_lock lock{mutex};
    answered.wait(lock, [&] { return in_flight == 0; });
    return appends.size();
}

} // namespace bench
