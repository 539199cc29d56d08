#include "read/log_scan.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace eventloom {

bool LogScan::parse(const DatabaseCursor& cursor, RecordView& record)
{
    if (not key_spaces::is_of_record(cursor.key())) {
        finding_(next_, "damaged-record", "read the log and found a key that is not the key of a record");
        return false;
    }
    const Position last = key_spaces::last_position_of_record(cursor.key());
    if (const auto parsed = record.parse(cursor.value(), last); not parsed) {
        find(last, parsed.error());
        lose(last, last);
        unread_ = true;
        return false;
    }
    return true;
}

// The place of a record in the chain and in the positions.
void LogScan::check_place(const RecordView& record, Position from)
{
    const bool is_first = std::exchange(is_first_, false);
    // In the middle of the log the first record is only where reading begins.
    if (is_first && from > 1 && record.first() <= from) {
        checksum_ = record.chain().own;
        return;
    }
    if (record.first() != next_) {
        if (not unread_) find_gap(record.first() - 1);
        if (record.first() > next_) lose(next_, record.first() - 1);
    } else if (not unread_ && record.chain().before != checksum_) {
        finding_(record.first(), "broken-chain",
                 fmt::format("read the event at position {} and found that it was written after a different event than "
                             "the one that precedes it",
                             record.first()));
    }
    unread_   = false;
    checksum_ = record.chain().own;
    next_     = record.first();
}

result<void> LogScan::end(const DatabaseCursor& cursor)
{
    if (auto status = cursor.status(); not status) {
        if (status.error().kind != Failure::corrupt) return std::move(status.error());
        // What a damaged block held was found to be missing, if it was events.
        if (next_ > head_ && lost_.empty()) find(head_, status.error());
    }
    if (next_ > head_) return done();
    if (not unread_) find_gap(head_);
    lose(next_, head_);
    return done();
}

// LevelDB goes past a block that is damaged as if it held nothing; who looks for what it holds is told.
void LogScan::find_gap(Position last)
{
    auto cursor = log_.cursor();
    cursor.seek(key_spaces::of_record(next_, 0));
    const auto status = cursor.status();
    if (status) return find(next_, missing_record(next_));
    const auto events = last > next_ ? fmt::format("events at positions {} to {}", next_, last)
                                     : "event at position " + std::to_string(next_);
    finding_(next_, "damaged-record",
             "read the " + events + " and found that the block of a file that should hold them is damaged (" +
                 status.error().sentence +
                 "); restore a backup, or save the events before it with store repair --cut-to DIRECTORY");
}

void LogScan::lose(Position first, Position last)
{
    if (not lost_.empty() && lost_.back().last + 1 >= first) {
        lost_.back().first = std::min(lost_.back().first, first);
        lost_.back().last  = std::max(lost_.back().last, last);
    } else {
        lost_.push_back({first, last});
    }
}

bool LogScan::is_lost(Position position) const
{
    const auto after = std::upper_bound(lost_.begin(), lost_.end(), position,
                                        [](Position wanted, const Lost& lost) { return wanted < lost.first; });
    return after != lost_.begin() && std::prev(after)->last >= position;
}

} // namespace eventloom
