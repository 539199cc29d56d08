// A watcher of a table: the changes that wait for its handler, and the task that calls it.
//
// Threads: any. The handler is called by one thread at a time.
#pragma once

#include "rows/row_feed.hpp"

#include <atomic>
#include <deque>
#include <thread>

namespace eventloom {

class RowWatcher : public std::enable_shared_from_this<RowWatcher> {
public:
    using Rows = RowFeed::Collected::Rows;

    RowWatcher(Executor& executor, std::string table, WatchOptions options, detail::TellChanges tell);

    const std::string& table() const { return table_; }
    const WatchOptions& options() const { return options_; }
    Position position() const { return position_; }
    std::optional<Error> error() const;

    // Queues the rows for the handler; nullptr: the table must be read again.
    void add(Position position, Rows rows);
    void stop();

private:
    struct Waiting {
        Position position = 0;
        Rows rows;
    };

    bool has_room_for(const Rows& rows) const;
    void tell_one();
    std::optional<Waiting> take();
    void call_soon();

    Executor& executor_;
    const std::string table_;
    const WatchOptions options_;
    const detail::TellChanges tell_;
    std::atomic<Position> position_{0};
    std::atomic<std::thread::id> running_on_{};
    std::mutex handling_; // held while the handler runs, so that stop() can wait for it

    mutable std::mutex mutex_; // over what follows
    std::deque<Waiting> waiting_;
    std::size_t rows_waiting_  = 0;
    std::size_t bytes_waiting_ = 0;
    bool is_called_            = false; // a task is queued, or runs
    bool stopped_              = false;
    std::optional<Error> error_;
};

} // namespace eventloom
