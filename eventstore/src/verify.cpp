#include "verify.hpp"

#include "key_spaces.hpp"
#include "record.hpp"

#include <map>

namespace eventloom {

namespace {

constexpr std::size_t findings_max         = 100;
constexpr Position events_between_progress = 4096;

std::string_view name_of(char space)
{
    switch (space) {
    case key_spaces::in_stream:
        return "stream index";
    case key_spaces::in_category:
        return "category index";
    case key_spaces::of_type:
        return "type index";
    case key_spaces::with_tag:
        return "tag index";
    case key_spaces::flushed:
        return "list of flushes";
    default:
        return "event id index";
    }
}

// Why this proves that log and index agree: the index is what entries_of() makes of the events of each flush, so it is made
// again from the log and compared, entry by entry; and no index holds more entries than were made.
class Verification {
public:
    Verification(const Database& log, const EventIndex& index, Position head)
        : log_{log}, index_{index}, head_{head}, on_disk_{index.on_disk()}
    {
    }

    result<VerifyReport> run(const std::function<void(Position)>& progress)
    {
        BOOST_OUTCOME_TRY(read_flushes());
        BOOST_OUTCOME_TRY(read_log(progress));
        BOOST_OUTCOME_TRY(count_entries());
        BOOST_OUTCOME_TRY(check_streams());
        return std::move(report_);
    }

private:
    void find(Position position, std::string code, std::string sentence)
    {
        add_finding(report_, {position, std::move(code), std::move(sentence)});
    }

    // Only a fault that is no damage (a disk that does not answer) ends the verification.
    result<void> find(Error error, Position position)
    {
        if (error.kind != Failure::corrupt) return error;
        find(position, std::move(error.code), std::move(error.sentence));
        return done();
    }

    result<void> read_flushes()
    {
        const std::string prefix{key_spaces::flushed};
        auto cursor = index_.database().cursor();
        for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
            if (cursor.key().size() == 9) flushes_.push_back(key_spaces::last_number(cursor.key()));
        }
        if (auto status = cursor.status(); not status) return find(std::move(status.error()), 0);
        return done();
    }

    result<void> read_log(const std::function<void(Position)>& progress)
    {
        auto cursor = log_.cursor();
        RecordView record;
        const auto is_record = [&] { return cursor.valid() && cursor.key()[0] == key_spaces::record; };
        for (cursor.seek(key_spaces::of_record(0, 0)); is_record(); cursor.next()) {
            if (not key_spaces::is_of_record(cursor.key())) {
                find(next_, "damaged-record", "read the log and found a key that is none of a record's");
                continue;
            }
            const Position last = key_spaces::last_position_of_record(cursor.key());
            if (last > head_) break;
            if (auto parsed = record.parse(cursor.value(), last); not parsed) {
                lose_range();
                BOOST_OUTCOME_TRY(find(std::move(parsed.error()), last));
                unread_ = true;
                continue;
            }
            check_place(record);
            BOOST_OUTCOME_TRY(read_record(record, progress));
        }
        if (auto status = cursor.status(); not status) return find(std::move(status.error()), next_);
        if (next_ <= head_ && not unread_) {
            auto missing = missing_record(next_);
            find(next_, missing.code, missing.sentence);
        }
        return done();
    }

    // The place of a record in the chain and in the positions.
    void check_place(const RecordView& record)
    {
        if (record.first() != next_ && not unread_) {
            lose_range();
            auto missing = missing_record(next_);
            find(next_, missing.code, missing.sentence);
        } else if (not unread_ && record.chain().before != checksum_) {
            find(record.first(), "broken-chain",
                 "read the event at position " + std::to_string(record.first()) +
                     " and found that it was written behind another event than the one before it");
        }
        unread_   = false;
        checksum_ = record.chain().own;
        next_     = record.first();
    }

    result<void> read_record(const RecordView& record, const std::function<void(Position)>& progress)
    {
        for (; record.holds(next_); ++next_) {
            if (auto taken = record.take(next_, event_); not taken) {
                lose_range();
                BOOST_OUTCOME_TRY(find(std::move(taken.error()), next_));
            } else {
                ++report_.events;
                feed();
            }
            BOOST_OUTCOME_TRY(end_range());
            if (progress && next_ % events_between_progress == 0) progress(next_);
        }
        auto commands = record.commands();
        if (not commands) return find(std::move(commands.error()), record.first());
        for (const CommandRecord& command : commands.value()) {
            BOOST_OUTCOME_TRY(check_command(command));
        }
        return done();
    }

    void feed()
    {
        if (next_ > on_disk_) return;
        if (not range_) {
            if (range_is_lost_) return;
            range_.emplace(next_ - 1);
        }
        if (range_->last() + 1 != next_) return lose_range();
        range_->add({event_.id, event_.stream, event_.version, next_, event_.type, event_.metadata.tags});
    }

    void lose_range()
    {
        range_.reset();
        range_is_lost_ = true;
        lost_any_      = true;
    }

    // Behind the last event of a flush.
    result<void> end_range()
    {
        if (flush_ == flushes_.size() || next_ < flushes_[flush_]) return done();
        ++flush_;
        range_is_lost_ = false;
        if (not range_) return done();
        const auto entries = entries_of(*range_, ordered_ids_);
        range_.reset();
        for (const IndexEntry& entry : entries) {
            ++made_[entry.key[0]];
            ++report_.index_entries;
            auto value = index_.database().get(entry.key);
            if (not value) {
                BOOST_OUTCOME_TRY(find(std::move(value.error()), entry.position));
            } else if (not value.value() || *value.value() != entry.value) {
                find(entry.position, "damaged-index",
                     "looked for the event at position " + std::to_string(entry.position) + " in the " +
                         std::string{name_of(entry.key[0])} + " and found " +
                         (value.value() ? "something else" : "nothing") + " there; run store repair");
            }
        }
        return done();
    }

    result<void> check_command(const CommandRecord& command)
    {
        ++report_.index_entries;
        auto found = index_.command(index_.view(), command.id);
        if (not found) return find(std::move(found.error()), command.last_position);
        if (found.value() == command) return done();
        find(command.last_position, "damaged-index",
             "looked for the command " + to_string(command.id) + " in its index and found " +
                 (found.value() ? "another record" : "nothing") + " there; run store repair");
        return done();
    }

    result<void> count_entries()
    {
        if (lost_any_) return done(); // what was not read cannot be counted
        for (const char space : {key_spaces::in_category, key_spaces::with_tag, key_spaces::event_id,
                                 key_spaces::id_block, key_spaces::in_stream, key_spaces::of_type}) {
            const std::string prefix{space};
            auto cursor           = index_.database().cursor();
            std::uint64_t entries = 0;
            for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) ++entries;
            if (auto status = cursor.status(); not status) {
                BOOST_OUTCOME_TRY(find(std::move(status.error()), 0));
            }
            if (entries == made_[space]) continue;
            find(0, "damaged-index",
                 "counted the entries of the " + std::string{name_of(space)} + " and found " + std::to_string(entries) +
                     " where the log gives " + std::to_string(made_[space]) + "; run store repair");
        }
        return done();
    }

    // Versions count from 0 without gaps, and the length kept of each stream is the number of its events.
    result<void> check_streams()
    {
        const std::string prefix{key_spaces::in_stream};
        auto cursor            = index_.database().cursor();
        std::uint64_t expected = 0;
        std::string stream;
        for (cursor.seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.next()) {
            const auto of_stream = cursor.key().substr(0, cursor.key().size() - 8);
            if (of_stream != stream) {
                BOOST_OUTCOME_TRY(check_length(stream, expected));
                stream   = of_stream;
                expected = 0;
            }
            auto positions = PositionList::decode(cursor.value());
            if (not positions) {
                BOOST_OUTCOME_TRY(find(std::move(positions.error()), 0));
                continue;
            }
            if (key_spaces::last_number(cursor.key()) != expected) {
                find(0, "damaged-index",
                     "read the stream index and found a gap before version " +
                         std::to_string(key_spaces::last_number(cursor.key())) + " of " + readable(stream) +
                         "; run store repair");
            }
            expected = key_spaces::last_number(cursor.key()) + positions.value().count();
        }
        if (auto status = cursor.status(); not status) return find(std::move(status.error()), 0);
        return check_length(stream, expected);
    }

    result<void> check_length(const std::string& stream_key, std::uint64_t events)
    {
        if (stream_key.empty()) return done();
        const auto stream = readable(stream_key);
        auto length       = index_.database().get(key_spaces::of_length(stream));
        if (not length) return find(std::move(length.error()), 0);
        ++report_.index_entries;
        const auto& value = length.value();
        if (value && value->size() == 8 && read_big_endian(*value) == events) return done();
        find(0, "damaged-index",
             "compared the length kept of " + stream + " with its index, which has " + std::to_string(events) +
                 " events, and found another; run store repair");
        return done();
    }

    // The stream's name in an index key: without the prefix and the end mark of ordered text; names have no zero bytes.
    static std::string readable(std::string_view stream_key)
    {
        return std::string{stream_key.substr(1, stream_key.size() - 3)};
    }

    const Database& log_;
    const EventIndex& index_;
    const Position head_;
    const Position on_disk_;
    VerifyReport report_;

    Position next_          = 1;     // whose record is expected
    std::uint64_t checksum_ = 0;     // of the record before; the first record follows checksum 0
    bool unread_            = false; // the record before could not be read
    RecordedEvent event_;

    std::vector<Position> flushes_; // their last positions
    std::size_t flush_ = 0;
    std::optional<IndexTail> range_; // the events of this flush so far
    bool range_is_lost_ = false;
    bool lost_any_      = false;
    OrderedIds ordered_ids_;
    std::map<char, std::uint64_t> made_;
};

} // namespace

void add_finding(VerifyReport& report, Finding finding)
{
    ++report.findings_total;
    if (report.findings.size() < findings_max) report.findings.push_back(std::move(finding));
}

result<VerifyReport> verify_log(const Database& log, const EventIndex& index, Position head,
                                const std::function<void(Position)>& progress)
{
    return Verification{log, index, head}.run(progress);
}

} // namespace eventloom
