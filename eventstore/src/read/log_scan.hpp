// Goes once through the records of the log, or of a part of it: checks checksums, chain and gaps, and gives the fields of
// every event that the index needs.
#pragma once

#include "record/entry_hashes.hpp"

#include <eventloom/storage/database.hpp>

#include <functional>

namespace eventloom {

class LogScan {
public:
    using TakeFinding = std::function<void(Position, std::string code, std::string sentence)>;

    // `head` is the last position that is read.
    LogScan(const Database& log, Position head, TakeFinding finding)
        : log_{log}, head_{head}, finding_{std::move(finding)}
    {
    }

    // Calls `take(record, position, event)` for every event that is whole and `take(record, command)` for every command.
    // Begins with the record that holds `from`; from 1 on also with commands that stand before the first event. An error is a fault of the disk; damage is a finding.
    template <class Take>
    result<void> run(Position from, Take&& take)
    {
        auto cursor = log_.scan_cursor();
        next_       = from;
        RecordView record;
        std::vector<CommandFields> commands;
        for (cursor.seek(key_spaces::of_record(from == 1 ? 0 : from, 0)); in_log(cursor) && not stopped_;
             cursor.next()) {
            if (not parse(cursor, record)) continue;
            if (record.first() > head_ + 1) break;
            check_place(record, from);
            for (; record.holds(next_) && next_ <= head_; ++next_) {
                const auto event = event_fields_at(record, next_);
                if (event) {
                    take(record, next_, event.value());
                } else {
                    find(next_, event.error());
                    lose(next_, next_);
                }
            }
            if (const auto whole = command_fields_of(record, commands); not whole) find(record.last(), whole.error());
            for (const CommandFields& command : commands) take(record, command);
        }
        return end(cursor);
    }

    // From within `take`: ends run() soon, with no fault.
    void stop() { stopped_ = true; }

    // Positions whose events could not be read, in their order.
    struct Lost {
        Position first = 0;
        Position last  = 0;
    };
    const std::vector<Lost>& lost() const { return lost_; }
    bool is_lost(Position position) const;

private:
    static bool in_log(const DatabaseCursor& cursor)
    {
        return cursor.valid() && not cursor.key().empty() && cursor.key()[0] == key_spaces::record;
    }
    bool parse(const DatabaseCursor& cursor, RecordView& record);
    void check_place(const RecordView& record, Position from);
    result<void> end(const DatabaseCursor& cursor);
    void find_gap(Position last);
    void find(Position position, const Error& error) { finding_(position, error.code, error.sentence); }
    void lose(Position first, Position last);

    const Database& log_;
    const Position head_;
    const TakeFinding finding_;
    Position next_          = 1;     // whose record is expected
    std::uint64_t checksum_ = 0;     // of the record before; the first record follows checksum 0
    bool is_first_          = true;  // no record has been read
    bool unread_            = false; // the record before could not be read
    bool stopped_           = false;
    std::vector<Lost> lost_;
};

} // namespace eventloom
