// A job in the hands of a worker: what its stream was when it was read, and so what its end must expect there.
//
// Its attempt ends once, by whoever is first: the handler, the end of its time, or somebody else's event in the stream.
// Threads: any; `mutex` is over what follows it, and is taken last.
#pragma once

#include "job.hpp"

#include <eventloom/messaging/detail/job_context.hpp>

#include <atomic>
#include <memory>
#include <mutex>

namespace eventloom::queues {

class QueueState;
class QueueEngine;

// Whoever waits until an end is recorded; empty: nobody does.
using EndDone = std::function<void(result<void>)>;

struct Claim final : JobContext {
    Claim(std::weak_ptr<QueueEngine> of, QueueState& in, Uuid job_id, std::string job_key)
        : engine{std::move(of)}, queue{in}, job{job_id}, key{std::move(job_key)}
    {
    }

    const Uuid& id() const override { return job; }
    unsigned attempt() const override { return number; }
    Time deadline() const override { return ends; }
    std::stop_token stop() const override { return stopping.get_token(); }
    void progress(std::uint64_t done, std::uint64_t of, std::string what) override;

    const std::weak_ptr<QueueEngine> engine;
    QueueState& queue; // of the engine
    const Uuid job;
    const std::string key;
    std::string type; // stored name
    std::stop_source stopping;

    // Of one that is in the hands of a worker in another process (leasing.cpp); its own until it runs.
    std::string worker; // empty: in those of this process
    Duration lease{};
    std::atomic<Version> fence{0};

    // Written before the handler is called.
    RecordedEvent first;
    Job read;
    unsigned number = 0;
    Time ends       = Time::max();

    enum class Stage : std::uint8_t {
        taken,
        running,
        ending, // its end is being recorded
        over,   // nothing more is recorded for it
    };
    std::mutex mutex;
    Stage stage            = Stage::taken;
    std::uint64_t recorded = 0; // events of the stream, with those that are being appended for this claim
    Time last_progress     = Time::min();
    Time leased_until{};

    // With the engine's lock.
    bool is_out       = false; // the engine does not know it any more
    bool has_returned = false; // no thread is busy with it
    bool has_worker   = true;  // false: another of its batch has it, or it is elsewhere
};

} // namespace eventloom::queues
