// SIGINT, SIGTERM and SIGHUP as a descriptor to wait for. The signal handler only records the signal.
#pragma once

#include <eventloom/framework/runtime.hpp>

#include <atomic>
#include <thread>

namespace eventloom {

// While it exists these signals do not end the process. Make only one, before the program's threads.
class StopSignals {
public:
    StopSignals();
    ~StopSignals();
    StopSignals(const StopSignals&)            = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    // The first signal; 0: none came.
    int received() const;
    // Readable for poll() from the first signal on.
    int descriptor() const;
    // Blocks at most this long; returns whether a signal has come.
    bool wait(Duration span) const;
};

// Ends the process like a crash when it is still busy most of a second after a signal, for example in a call that does not
// return. This harms nothing on disk. A thread of its own watches, because all others may be busy.
class LastResort {
public:
    explicit LastResort(const StopSignals& signals);
    ~LastResort();

    // A stop is a success for this program: it is a service.
    void ends_well_when_stopped() { ends_well_ = true; }

private:
    void watch() const;

    const StopSignals& signals_;
    const int over_;
    std::atomic<bool> ends_well_{false};
    std::thread thread_;
};

} // namespace eventloom
