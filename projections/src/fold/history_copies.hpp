// Copies of a read model at earlier positions, so that as-of does not begin at the first event.
//
//     HistoryCopies copies{runtime, generations, 3, definition, {.every = 1'000'000}};
//     copies.consider(model);                                       // after each write
//     BOOST_OUTCOME_TRY(const auto copy, copies.newest_up_to(position));
//
// Tasks make a copy from a view, a few thousand entries each: writers and queries do not wait for it. An unfinished copy is
// recognised by its checkpoint, and removed. docs/format.md, "Copies of read models". Threads: any.
#pragma once

#include "rows/generations.hpp"
#include "rows/row_copying.hpp"

#include <eventloom/projections/detail/projections.hpp>

#include <map>
#include <mutex>
#include <optional>

namespace eventloom {

class HistoryCopies : public std::enable_shared_from_this<HistoryCopies> {
public:
    HistoryCopies(const Runtime& runtime, const Generations& generations, std::uint64_t generation,
                  std::shared_ptr<const UntypedProjection> definition, const KeptCopies& kept);
    ~HistoryCopies();

    // Begins a copy when one is due and none is being made. Do not call it during a write to `model`.
    void consider(const ReadModel& model);
    // Stops the copy that is being made, and releases the read model.
    void abandon();
    // The newest one at or before a position; nothing when there is none.
    result<std::shared_ptr<ReadModel>> newest_up_to(Position position);

    // Removes them: the rows that they were made from were wrong.
    result<void> remove_all();

    // Why the last copy could not be made or opened. Without copies as-of only takes longer.
    std::optional<Error> error() const;

    // Whether the destructor removes all copies.
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
    const std::shared_ptr<const UntypedProjection> definition_;
    const KeptCopies kept_;
    mutable std::mutex mutex_; // over what follows
    std::optional<UnderWay> under_way_;
    std::map<Position, std::weak_ptr<ReadModel>> opened_;
    std::optional<Position> newest_; // known once it was looked for
    std::optional<Error> error_;
    std::atomic<bool> removed_when_done_{false};
};

} // namespace eventloom
