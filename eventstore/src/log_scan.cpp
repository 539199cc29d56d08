#include "log_scan.hpp"

#include <algorithm>

namespace eventloom {

bool LogScan::parse(const DatabaseCursor& cursor, RecordView& record)
{
    if (not key_spaces::is_of_record(cursor.key())) {
        finding_(next_, "damaged-record", "read the log and found a key that is none of a record's");
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
        if (not unread_) {
            const auto missing = missing_record(next_);
            finding_(next_, missing.code, missing.sentence);
        }
        if (record.first() > next_) lose(next_, record.first() - 1);
    } else if (not unread_ && record.chain().before != checksum_) {
        finding_(record.first(), "broken-chain",
                 "read the event at position " + std::to_string(record.first()) +
                     " and found that it was written behind another event than the one before it");
    }
    unread_   = false;
    checksum_ = record.chain().own;
    next_     = record.first();
}

result<void> LogScan::end(const DatabaseCursor& cursor)
{
    if (auto status = cursor.status(); not status) {
        if (status.error().kind != Failure::corrupt) return std::move(status.error());
        // What a damaged block held is missing, and was found to be; only at the end nothing else shows it.
        if (next_ <= head_ || lost_.empty()) find(std::min(next_, head_), status.error());
        unread_ = true;
    }
    if (next_ > head_) return done();
    if (not unread_) {
        const auto missing = missing_record(next_);
        finding_(next_, missing.code, missing.sentence);
    }
    lose(next_, head_);
    return done();
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
    const auto behind = std::upper_bound(lost_.begin(), lost_.end(), position,
                                         [](Position wanted, const Lost& lost) { return wanted < lost.first; });
    return behind != lost_.begin() && std::prev(behind)->last >= position;
}

} // namespace eventloom
