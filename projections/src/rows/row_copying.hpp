// Copies a snapshot of one read model into another, which is empty.
//
//     RowCopying copying{model.view(), other};
//     for (bool more = true; more;) {
//         BOOST_OUTCOME_TRY(more, copying.step());
//     }
//
// Threads: one at a time.
#pragma once

#include <eventloom/projections/detail/read_model.hpp>

#include <memory>

namespace eventloom {

class RowCopying {
public:
    RowCopying(std::shared_ptr<const ReadModelView> from, std::shared_ptr<ReadModel> into);

    // Copies a few thousand entries, and returns whether there are more. The last write has the checkpoint.
    result<bool> step();

    ReadModel& into() { return *into_; }

private:
    std::shared_ptr<const ReadModelView> from_;
    std::unique_ptr<RowCursor> cursor_; // must be destroyed before the view
    std::shared_ptr<ReadModel> into_;
};

// All of it at once.
result<void> copy_rows(const ReadModel& from, std::shared_ptr<ReadModel> into);

} // namespace eventloom
