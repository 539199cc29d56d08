#include "upkeep/verify.hpp"

#include "index/index_scan.hpp"
#include "read/log_scan.hpp"

#include <fmt/core.h>

#include <atomic>
#include <condition_variable>
#include <unordered_map>

namespace eventloom {

namespace {

constexpr std::size_t findings_max         = 100;
constexpr Position events_between_progress = 4096;

std::string_view name_of(std::size_t kind)
{
    constexpr std::array<std::string_view, entry_kinds.size()> names{"stream index", "category index", "type index",
                                                                     "tag index",    "event id index", "command index"};
    return names[kind];
}

// What the index on disk covered at one moment, while the store may go on.
struct IndexMoment {
    const Database& database;
    DatabaseSnapshot snapshot;
    IndexEnd end;
};

result<IndexMoment> index_moment_of(const Database& database)
{
    IndexMoment moment{database, database.snapshot(), {}};
    BOOST_OUTCOME_TRY(moment.end, read_index_end(database, moment.snapshot));
    return moment;
}

// Positions whose events are gone: a bit for each position of a range that has any.
class GonePositions {
public:
    void add(Position position)
    {
        auto& range = ranges_[position / range_positions];
        if (range.empty()) range.resize(range_positions);
        range[position % range_positions] = true;
    }
    bool contains(Position position) const
    {
        const auto range = ranges_.find(position / range_positions);
        return range != ranges_.end() && range->second[position % range_positions];
    }
    bool empty() const { return ranges_.empty(); }

private:
    static constexpr Position range_positions = 65'536;
    std::unordered_map<Position, std::vector<bool>> ranges_;
};

// What only an index says that is older than the scavenge: the log does not know any more of what type the event was.
bool went_with_event(const GonePositions& gone, const EntryHash& entry)
{
    return (entry.kind == type_entry || entry.kind == tag_entry) && gone.contains(entry.position);
}

// The index's side of the comparison. A task does it, or the caller himself when no task has begun it: he never waits for
// a thread that does not come.
class IndexSide {
public:
    // `gone` stays as it is meanwhile.
    IndexSide(const Runtime& runtime, const IndexMoment& moment, const GonePositions* gone)
        : sums{moment.end.position}, scan_{moment.database, moment.snapshot, moment.end.position,
                                           [this, gone](const EntryHash& entry) {
                                               if (gone == nullptr || not went_with_event(*gone, entry))
                                                   sums.add(entry);
                                           },
                                           [this](Position position, std::string sentence) {
                                               add_finding(found, {position, "damaged-index", std::move(sentence)});
                                           }}
    {
        runtime.executor.post([turn = turn_, this] {
            if (not turn->is_taken.exchange(true)) run(*turn);
        });
    }
    ~IndexSide() { finish(); }

    // Returns when the whole index has been read.
    void finish()
    {
        if (not turn_->is_taken.exchange(true)) return run(*turn_);
        std::unique_lock lock{turn_->mutex};
        turn_->done.wait(lock, [&] { return turn_->is_done; });
    }

    // Nobody wants to know any more.
    void stop() { scan_.stop(); }

    std::uint64_t entries() const { return scan_.entries(); }

    EntrySums sums;
    VerifyReport found;
    result<void> ended = done();

private:
    // Outlives this: a task may run when all is over, and finds that its turn was taken.
    struct Turn {
        std::atomic<bool> is_taken{false};
        std::mutex mutex;
        std::condition_variable done;
        bool is_done = false;
    };

    void run(Turn& turn)
    {
        // Whatever becomes of it: whoever waits is told.
        ended = scan_.run();
        const std::lock_guard lock{turn.mutex};
        turn.is_done = true;
        turn.done.notify_all();
    }

    IndexScan scan_;
    const std::shared_ptr<Turn> turn_ = std::make_shared<Turn>();
};

class Verification {
public:
    Verification(const Runtime& runtime, const Database& database, IndexMoment index, Position head,
                 const std::function<result<void>(Position)>& progress)
        : runtime_{runtime}, database_{database}, index_{std::move(index)}, progress_{progress},
          scan_{database, head,
                [this](Position position, std::string code, std::string sentence) {
                    find(position, std::move(code), std::move(sentence));
                }},
          sums_{index_.end.position}
    {
    }

    result<VerifyReport> run()
    {
        std::optional<IndexSide> index{std::in_place, runtime_, index_, nullptr};
        const auto read = scan_.run(1, LogEntries{*this});
        if (not fault_ || not gone_.empty()) index->stop();
        index->finish();
        BOOST_OUTCOME_TRY(read);
        BOOST_OUTCOME_TRY(fault_);
        if (not gone_.empty()) { // once more: only now is it known what need not be the same
            index.emplace(runtime_, index_, &gone_);
            index->finish();
        }
        BOOST_OUTCOME_TRY(take_index_findings(*index));
        for (const auto& range : sums_.differences(index->sums)) {
            BOOST_OUTCOME_TRY(name_differences(range));
        }
        return std::move(report_);
    }

private:
    // What the log says of the events that the index on disk covers.
    struct LogEntries {
        Verification& self;
        EventEntries entries;

        explicit LogEntries(Verification& verification) : self{verification} {}
        void operator()(const RecordView& record, Position position, const EventFields& event)
        {
            self.take_event(record, position);
            if (event.type.empty()) self.gone_.add(position);
            if (position > self.index_.end.position) return;
            entries.visit(event, position, [&](const EntryHash& entry) { self.sums_.add(entry); });
        }
        void operator()(const RecordView&, const CommandFields& command)
        {
            if (self.is_in_index(command)) self.sums_.add(entry_of(command));
        }
    };

    void find(Position position, std::string code, std::string sentence)
    {
        add_finding(report_, {position, std::move(code), std::move(sentence)});
    }

    void take_event(const RecordView& record, Position position)
    {
        ++report_.events;
        if (position == index_.end.position && record.last() == position && record.chain().own != index_.end.checksum) {
            find(position, "damaged-index",
                 fmt::format("compared the index with the record at position {}, where it ends, and found that it was "
                             "made from another one; run store repair",
                             position));
        }
        if (not progress_ || position % events_between_progress != 0) return;
        if (auto wanted = progress_(position); not wanted) {
            fault_ = std::move(wanted);
            scan_.stop();
        }
    }

    // A command without events, after the last event that the index covers, may have come after the index was written.
    bool is_in_index(const CommandFields& command)
    {
        if (command.last_position < index_.end.position) return true;
        if (command.last_position > index_.end.position) return false;
        if (command.events > 0) return true;
        auto value = index_.database.get(std::string{key_spaces::command}.append(command.id), index_.snapshot);
        if (not value && value.error().kind != Failure::corrupt) fault_ = std::move(value.error());
        return value && value.value();
    }

    result<void> take_index_findings(const IndexSide& index)
    {
        report_.index_entries = index.entries();
        for (const auto& finding : index.found.findings) add_finding(report_, finding);
        report_.findings_total += index.found.findings_total - index.found.findings.size();
        if (index.ended) return done();
        const Error& error = index.ended.error();
        if (error.kind != Failure::corrupt) return error;
        find(0, "damaged-index",
             "read the index and found its database damaged (" + error.sentence + "); run store repair");
        return done();
    }

    // Both sides once more, for a range that differs: here one by one. What cannot be read of the log says nothing, so
    // what the index says of those events, and of commands that were written with them, is left alone.
    result<void> name_differences(const EntrySums::Range& range)
    {
        if (report_.findings_total >= findings_max) {
            find(range.first, "damaged-index",
                 fmt::format("compared the events from position {} on with the index and found that they differ; run "
                             "store repair",
                             range.first));
            return done();
        }
        std::unordered_map<std::uint64_t, EntryHash> expected;
        const auto wanted = [&](const EntryHash& entry) {
            return entry.position >= range.first && entry.position <= range.last && range.kinds[entry.kind];
        };
        LogScan part{database_, std::min(range.last, index_.end.position),
                     [](Position, const std::string&, const std::string&) {}};
        ExpectedEntries<decltype(wanted)> entries{*this, wanted, expected};
        BOOST_OUTCOME_TRY(part.run(std::max<Position>(range.first, 1), entries));
        IndexScan index{index_.database, index_.snapshot, index_.end.position,
                        [&](const EntryHash& entry) {
                            if (not wanted(entry) || expected.erase(entry.hash) > 0 || scan_.is_lost(entry.position) ||
                                went_with_event(gone_, entry)) {
                                return;
                            }
                            tell_difference(entry, "something that the log does not say");
                        },
                        [](Position, const std::string&) {}};
        if (auto ended = index.run(); not ended && ended.error().kind != Failure::corrupt) return ended;
        for (const auto& [hash, entry] : expected) tell_difference(entry, "nothing");
        return done();
    }

    template <class Wanted>
    struct ExpectedEntries {
        Verification& self;
        const Wanted& wanted;
        std::unordered_map<std::uint64_t, EntryHash>& expected;
        EventEntries entries = {};

        void add(const EntryHash& entry)
        {
            if (wanted(entry)) expected.emplace(entry.hash, entry);
        }
        void operator()(const RecordView&, Position position, const EventFields& event)
        {
            entries.visit(event, position, [&](const EntryHash& entry) { add(entry); });
        }
        void operator()(const RecordView&, const CommandFields& command)
        {
            if (self.is_in_index(command)) add(entry_of(command));
        }
    };

    void tell_difference(const EntryHash& entry, std::string_view found)
    {
        find(entry.position, "damaged-index",
             fmt::format("looked for the event at position {} in the {} and found {} there; run store repair",
                         entry.position, name_of(entry.kind), found));
    }

    const Runtime runtime_;
    const Database& database_;
    const IndexMoment index_;
    const std::function<result<void>(Position)>& progress_;
    VerifyReport report_;
    GonePositions gone_;
    result<void> fault_ = done();
    LogScan scan_;
    EntrySums sums_;
};

} // namespace

void add_finding(VerifyReport& report, Finding finding)
{
    ++report.findings_total;
    if (report.findings.size() < findings_max) report.findings.push_back(std::move(finding));
}

result<VerifyReport> verify_log(const Runtime& runtime, const Database& database, const LogReader& log,
                                const std::function<result<void>(Position)>& progress)
{
    // In this order: whatever the index covers stands before the head, and the head in what a cursor sees.
    BOOST_OUTCOME_TRY(auto index, index_moment_of(log.index().database()));
    return Verification{runtime, database, std::move(index), log.head(), progress}.run();
}

} // namespace eventloom
