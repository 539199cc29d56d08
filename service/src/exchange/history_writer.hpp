// Writes an exported history to a store, with the recorded times.
//
//     ToldClock clock;
//     BOOST_OUTCOME_TRY(const auto target, kind.open_import({clock, ...}, "var/shop"));
//     HistoryWriter writer{target.engine, clock, target.is_new};
//     BOOST_OUTCOME_TRY(writer.take(event, 1));     // its line in the file, for errors
//     BOOST_OUTCOME_TRY(writer.finish());
//
// What the store holds already must be the beginning of the history; the rest is appended, if that is allowed. Threads: one.
#pragma once

#include "exchange/standing_history.hpp"

#include <eventloom/framework/detail/engine.hpp>

#include <atomic>
#include <deque>

namespace eventloom {

// Receives a history, in order.
class HistoryTaker {
public:
    virtual ~HistoryTaker()                                            = default;
    virtual result<void> take(RecordedEvent event, std::uint64_t line) = 0;
    virtual result<void> take(const CommandRecord& command)            = 0;
    virtual result<void> finish()                                      = 0;
};

// A clock that gives the recorded times. Threads: one sets it, any reads it.
class ToldClock final : public Clock {
public:
    Time now() const override { return now_; }
    void tell(Time now) { now_ = now; }

private:
    std::atomic<Time> now_{};
};

// Failure::corrupt  "import-differs": the store holds something else.
// Failure::invalid  "import-refused": the store refuses an append, or would give it another position.
class HistoryWriter final : public HistoryTaker {
public:
    // `clock` is the store's.
    HistoryWriter(const Engine& engine, ToldClock& clock, bool may_append)
        : store_{*engine.store}, upkeep_{*engine.upkeep}, clock_{clock}, may_append_{may_append},
          standing_{*engine.history}
    {
    }

    result<void> take(RecordedEvent event, std::uint64_t line) override;
    result<void> take(const CommandRecord& command) override;
    result<void> finish() override;

private:
    struct Waiting {
        RecordedEvent event;
        std::uint64_t line;
    };

    result<const StandingHistory::Entry*> next_standing();
    result<void> compare(const RecordedEvent& told, const StandingHistory::Entry& standing);
    result<void> append_waiting(std::size_t count);
    std::size_t together_in(std::size_t count) const;
    result<void> append(std::size_t count, const std::optional<CommandRecord>& command);
    void add(AppendRequest& request, std::vector<StreamAppended>& places, RecordedEvent event);
    result<void> take_out_gone();

    EventStore& store_;
    Upkeep& upkeep_;
    ToldClock& clock_;
    const bool may_append_;
    StandingHistory standing_;
    bool is_after_standing_ = false;
    const StoreLimits limits_;
    std::deque<Waiting> waiting_;
    std::size_t bytes_ = 0; // of their data
    Time recorded_at_{};
    std::vector<Position> gone_; // appended, and to be taken out again
};

} // namespace eventloom
