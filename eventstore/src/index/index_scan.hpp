// Goes once through the index on disk, entry by entry: checks that each is a valid entry in the right place, and gives its
// content. Only the log can say whether the content is true: see verify.cpp.
#pragma once

#include "index/position_list.hpp"
#include "record/entry_hashes.hpp"

#include <eventloom/storage/database.hpp>

#include <atomic>
#include <functional>

namespace eventloom {

class IndexScan {
public:
    using TakeEntry   = std::function<void(const EntryHash&)>;
    using TakeFinding = std::function<void(Position, std::string sentence)>;

    // The index as it was at `moment`, which covers the log up to `covers`.
    IndexScan(const Database& database, const DatabaseSnapshot& moment, Position covers, TakeEntry take,
              TakeFinding finding);

    // An error is damage of the database itself, or a fault; what was read before it was given.
    result<void> run();

    // From any thread: ends run() soon, with no fault.
    void stop() { stopped_ = true; }

    std::uint64_t entries() const { return entries_; }

private:
    void take(std::string_view key, std::string_view value);
    void take_list(EntryKind kind, std::string_view key, std::string_view value);
    void take_flush(std::string_view key, std::string_view value);
    void take_block(std::string_view key, std::string_view value);
    void take_single_id(std::string_view key, std::string_view value);
    void take_command(std::string_view key, std::string_view value);
    void end_of_list();
    void check_length(std::string_view stream, std::uint64_t events);
    void tell(const EntryHash& entry);
    void find(std::string_view what, Position position = 0);

    const Database& database_;
    const DatabaseSnapshot moment_;
    const Position covers_;
    const TakeEntry take_;
    const TakeFinding finding_;
    std::atomic<bool> stopped_{false};
    std::uint64_t entries_ = 0;

    // The list whose pieces are being read.
    std::string list_;
    std::uint64_t list_hash_ = 0;
    std::uint64_t expected_  = 0; // the version with which the next piece must begin
    Position list_last_      = 0;

    Position flushed_ = 0;
    std::string greatest_in_block_;
    std::string greatest_alone_;            // of version 7
    std::optional<DatabaseCursor> lengths_; // walks beside the streams
};

} // namespace eventloom
