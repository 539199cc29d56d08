#include "host/thread_watch.hpp"

#include <eventloom/framework/log.hpp>

namespace eventloom {

void ThreadWatch::look()
{
    if (begun_ && not begun_->load()) {
        if (++looks_ == looks_max) {
            write_to(runtime_.log, LogLevel::warning, "threads-busy",
                     {{"reason", "no thread was free for some time, so projections, sagas and subscriptions wait; "
                                 "do handlers of events or other tasks block? --threads gives more"}});
        }
        return;
    }
    if (looks_ >= looks_max) write_to(runtime_.log, LogLevel::info, "threads-free", {});
    looks_ = 0;
    begun_ = std::make_shared<std::atomic<bool>>(false);
    runtime_.executor.post([begun = begun_] { *begun = true; });
}

} // namespace eventloom
