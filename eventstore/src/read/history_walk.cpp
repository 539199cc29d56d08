#include "read/history_walk.hpp"

#include "record/key_spaces.hpp"
#include "record/record.hpp"

#include <eventloom/storage/ordered_key.hpp>

#include <algorithm>
#include <map>
#include <shared_mutex>

namespace eventloom {

namespace {

class HistoryWalk {
public:
    HistoryWalk(Position head, Position from, const HistoryVisitor& visitor)
        : head_{head}, from_{std::max<Position>(from, 1)}, next_{from_}, visitor_{visitor}
    {
    }

    result<void> run(const Database& log)
    {
        auto cursor = log.scan_cursor();
        for (cursor.seek(key_spaces::of_record(from_ == 1 ? 0 : from_, 0)); in_log(cursor); cursor.next()) {
            if (not key_spaces::is_of_record(cursor.key())) return damaged_record(next_, "its key is damaged");
            const auto last = key_spaces::last_position_of_record(cursor.key());
            if (last > head_) return done(); // being written just now
            BOOST_OUTCOME_TRY(record_.parse(cursor.value(), last));
            BOOST_OUTCOME_TRY(tell_record());
        }
        BOOST_OUTCOME_TRY(cursor.status());
        if (next_ <= head_ && from_ <= head_) return missing_record(next_);
        return done();
    }

private:
    static bool in_log(const DatabaseCursor& cursor)
    {
        return cursor.valid() && not cursor.key().empty() && cursor.key()[0] == key_spaces::record;
    }

    // A command stands in the record of its last event, or of the event before it when it has none.
    result<void> tell_record()
    {
        const bool follows = record_.events() == 0 ? record_.first() == next_ : record_.holds(next_);
        if (not follows) return missing_record(next_);
        BOOST_OUTCOME_TRY(const auto commands, record_.commands());
        auto command = commands.begin();
        for (Position at = record_.first() - 1;; ++at) {
            if (at >= next_) {
                BOOST_OUTCOME_TRY(record_.take(at, event_));
                BOOST_OUTCOME_TRY(visitor_.event(event_));
                next_ = at + 1;
            }
            for (; command != commands.end() && command->last_position <= at; ++command) {
                if (command->last_position < from_ && from_ > 1) continue;
                BOOST_OUTCOME_TRY(visitor_.command(*command));
            }
            if (at == record_.last()) return done();
        }
    }

    const Position head_;
    const Position from_;
    Position next_; // whose event is told next
    const HistoryVisitor& visitor_;
    RecordView record_;
    RecordedEvent event_;
};

} // namespace

result<void> walk_history(const Database& log, Position head, Position from, const HistoryVisitor& visitor)
{
    return HistoryWalk{head, from, visitor}.run(log);
}

result<void> walk_streams(const EventIndex& index, Position head, const EventHistory::VisitStream& visit)
{
    const auto view = index.view();
    std::map<std::string, std::uint64_t, std::less<>> in_memory;
    for (const auto& tail : view.tails) {
        const std::shared_lock lock{tail->mutex()};
        for (const auto& [name, stream] : tail->streams()) {
            const auto count = stream.first_version + stream.positions.count_up_to(head);
            if (count > 0) in_memory[name] = count;
        }
    }
    const std::string prefix{key_spaces::length};
    auto next   = in_memory.begin();
    auto cursor = index.database().cursor();
    for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
        const auto name = cursor.key().substr(1);
        for (; next != in_memory.end() && next->first < name; ++next) visit(next->first, next->second);
        if (next != in_memory.end() && next->first == name) continue;
        visit(name, cursor.value().size() == 8 ? read_big_endian(cursor.value()) : 0);
    }
    for (; next != in_memory.end(); ++next) visit(next->first, next->second);
    return cursor.status();
}

} // namespace eventloom
