// The way of an append into the log: one at a time, one write and one sync each.
#pragma once

#include "log_reader.hpp"
#include "observers.hpp"

#include <mutex>

namespace eventloom {

// The end of the log, as the next record must know it.
struct LogEnd {
    Position position      = 0;
    std::uint64_t checksum = 0;
    Time recorded_at{};
};

class CommitPath {
public:
    CommitPath(const Runtime& runtime, Database& database, LogReader& log, Observers& observers, Durability durability,
               const LogEnd& end);

    // Failure::unknown when the write failed; from then on the database takes none.
    result<Appended> commit(const AppendRequest& request);

    // The end of what is durable.
    LogEnd end() const;

private:
    void put(const RecordedEvent& event, Batch& batch, LogEnd& end) const;

    const Runtime runtime_;
    Database& database_;
    LogReader& log_;
    Observers& observers_;
    const Durability durability_;
    mutable std::mutex mutex_;
    LogEnd end_;
};

} // namespace eventloom
