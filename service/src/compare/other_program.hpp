// Another build of this service that folds the events of a read model with its own code.
//
//     BOOST_OUTCOME_TRY(const auto other, OtherProgram::start("/opt/shop-2/shop", "orders", console));
//     BOOST_OUTCOME_TRY(other->send_events(store, rows, progress));
//     auto compared = rows_compared.compare(before, other->rows(), console);
//     if (not compared) return other->why(std::move(compared.error()));
//
// It runs `projections fold NAME`, reads the events from its standard input and opens none of our files. Each fault of it is
// an error with its own code: "no-such-program", "not-a-service", "cannot-fold", "lacks-the-projection",
// "other-program-failed", "other-program-killed", "not-rows", "rows-cut-short". Threads: one.
#pragma once

#include "compare/rows_in_order.hpp"
#include "host/scratch_directory.hpp"

#include <eventloom/framework/event_store.hpp>

namespace eventloom {

class OtherProgram {
public:
    static result<std::unique_ptr<OtherProgram>> start(const std::string& path, const std::string& projection,
                                                       const Console& console);

    std::uint32_t version() const { return head_.version; }

    // Sends the events that it hears, up to the position of `rows`, without those that are left out of `rows` for good.
    result<void> send_events(const EventStore& store, const RowsAsJson& rows, const LogProgress& progress);

    RowsInOrder& rows() { return told_; }

    // The error to report for a failed comparison: the program's own error, if it failed.
    Error why(Error error);

private:
    OtherProgram(std::string path, std::string projection, std::unique_ptr<ScratchDirectory> scratch,
                 std::unique_ptr<ChildProgram> child, const Console& console);
    Error error_of(std::string code, const std::string& found) const;
    std::optional<Error> how_it_failed();

    const std::string path_;
    const std::string projection_;
    const Console& console_;
    const std::unique_ptr<ScratchDirectory> scratch_; // goes after the program
    const std::unique_ptr<ChildProgram> child_;
    ToldRows told_;
    FoldHead head_;
};

} // namespace eventloom
