// SIGINT, SIGTERM and SIGHUP, as something that can be waited for. Nothing is done in a handler but to say that one came.
#pragma once

#include <eventloom/framework/runtime.hpp>

#include <atomic>
#include <thread>

namespace eventloom {

// From its making to its end these signals do not end the process. One at a time, made before the program's threads.
class StopSignals {
public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&)            = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    // 0, or the first that came.
    int received() const;
    // Readable for poll() from the first signal on.
    int descriptor() const;
    // Blocks for so long at most; whether one has come.
    bool wait(Duration span) const;
};

// Ends the process when it is still busy most of a second after a signal, as a crash would, which harms nothing that is on
// disk: with a call to somebody who does not answer, for one, nothing can be done. A thread of its own watches, because all
// others may be what is busy.
class LastResort {
public:
    explicit LastResort(const StopSignals& signals);
    ~LastResort();

    // To be stopped is how this program ends well: a service.
    void ends_well_when_stopped() { ends_well_ = true; }

private:
    void watch() const;

    const StopSignals& signals_;
    const int over_;
    std::atomic<bool> ends_well_{false};
    std::thread thread_;
};

} // namespace eventloom
