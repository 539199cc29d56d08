// Copies of a read model as it stood earlier, so that as-of need not begin at the first event.
//
//     HistoryCopies copies{runtime, generations, 3, definition, {.every = 1'000'000}};
//     copies.consider(model);                                       // after each write
//     BOOST_OUTCOME_TRY(const auto copy, copies.newest_up_to(position));
//
// A copy is made by tasks, a few thousand entries each, from a view: nobody who writes or asks waits for it. One that was
// not finished is found out by its checkpoint, and removed. docs/format.md, "Copies of read models". Threads: any.
#pragma once

#include "rows/generations.hpp"
#include "rows/row_copying.hpp"

#include <eventloom/projections/projections.hpp>

#include <map>
#include <mutex>
#include <optional>

namespace eventloom {

class HistoryCopies : public std::enable_shared_from_this<HistoryCopies> {
public:
    HistoryCopies(const Runtime& runtime, const Generations& generations, std::uint64_t generation,
                  std::shared_ptr<const Projection> definition, const KeptCopies& kept);
    ~HistoryCopies();

    // Begins a copy when one is due and none is under way. Not while something is written to `model`.
    void consider(const ReadModel& model);
    // Gives up the copy that is under way, and lets go of the read model.
    void abandon();
    // The newest one at or before a position; nothing when there is none.
    result<std::shared_ptr<ReadModel>> newest_up_to(Position position);

    // What they were made of was found wrong.
    result<void> remove_all();

    // Why the last copy could not be made or opened. Nothing but the time of as-of depends on it.
    std::optional<Error> error() const;

    // Whether all copies go with this object.
    void remove_when_done() { removed_when_done_ = true; }
    void keep() { removed_when_done_ = false; }

private:
    struct UnderWay {
        Position position;
        RowCopying copying;
    };
    void begin(const ReadModel& model);
    void go_on();
    void step();
    result<void> thin_out();
    result<void> remove(Position position);
    result<void> remove_each();
    result<std::shared_ptr<ReadModel>> open(Position position);

    const Runtime runtime_;
    const Generations generations_;
    const std::uint64_t generation_;
    const std::shared_ptr<const Projection> definition_;
    const KeptCopies kept_;
    mutable std::mutex mutex_; // over what follows
    std::optional<UnderWay> under_way_;
    std::map<Position, std::weak_ptr<ReadModel>> opened_;
    std::optional<Position> newest_; // known once it was looked for
    std::optional<Error> error_;
    std::atomic<bool> removed_when_done_{false};
};

} // namespace eventloom
