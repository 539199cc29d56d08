#include <eventloom/eventstore/memory_store.hpp>

#include "append/append_rules.hpp"
#include "read/staged_rows.hpp"

#include <eventloom/framework/detail/observers.hpp>
#include <eventloom/storage/versioned_map.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <shared_mutex>

namespace eventloom {

namespace {

// The log and its indexes. Written under the lock of the store.
class Log final : public LogView {
public:
    result<std::uint64_t> length_of(const std::string& stream) const override
    {
        const auto found = streams.find(stream);
        return found == streams.end() ? 0 : found->second.size();
    }

    result<std::optional<Position>> position_of(const Uuid& event_id) const override
    {
        const auto found = ids.find(event_id);
        return found == ids.end() ? std::nullopt : std::optional{found->second};
    }

    result<RecordedEvent> event_at(Position position) const override { return *events[position - 1]; }

    result<std::optional<CommandRecord>> command(const Uuid& id) const override
    {
        const auto found = commands.find(id);
        return found == commands.end() ? std::nullopt : std::optional{found->second};
    }

    result<StreamStatus> status_of(const std::string& stream, Position before) const override
    {
        const auto found = streams.find(settings_stream_of(stream));
        if (found == streams.end()) return StreamStatus{};
        const auto& positions = found->second;
        const auto after      = std::lower_bound(positions.begin(), positions.end(), before);
        if (after == positions.begin()) return StreamStatus{};
        const RecordedEvent& event = *events[*std::prev(after) - 1];
        return stream_status_of(event.type, event.schema_version, event.data);
    }

    result<std::optional<Position>> find_match(const EventQuery& query, Position after) const override
    {
        for (Position position = after + 1; position <= events.size(); ++position) {
            const RecordedEvent& event = *events[position - 1];
            if (query.matches(event.type, event.metadata.tags)) return std::optional{position};
        }
        return std::optional<Position>{};
    }

    Position head() const override { return events.size(); }

    void add(const RecordedEvent& event)
    {
        events.push_back(std::make_shared<const RecordedEvent>(event));
        streams[event.stream].push_back(event.position);
        ids.emplace(event.id, event.position);
    }

    std::vector<std::shared_ptr<const RecordedEvent>> events;
    std::map<std::string, std::vector<Position>, std::less<>> streams;
    std::map<Uuid, Position> ids;
    std::map<Uuid, CommandRecord> commands;
};

// Walks over positions and looks each up when it is asked for.
class MemoryCursor final : public EventCursor {
public:
    using Find = std::function<std::shared_ptr<const RecordedEvent>(Position position)>;

    MemoryCursor(Find find, std::vector<Position> positions) : find_{std::move(find)}, positions_{std::move(positions)}
    {
    }

    result<const RecordedEvent*> next() override
    {
        if (at_ == positions_.size()) return nullptr;
        current_ = find_(positions_[at_++]);
        return current_.get();
    }

private:
    Find find_;
    std::vector<Position> positions_;
    std::size_t at_ = 0;
    std::shared_ptr<const RecordedEvent> current_;
};

class FailedCursor final : public EventCursor {
public:
    explicit FailedCursor(Error error) : error_{std::move(error)} {}
    result<const RecordedEvent*> next() override { return error_; }

private:
    const Error error_;
};

class MemoryRows final : public InlineRows, public std::enable_shared_from_this<MemoryRows> {
public:
    result<std::optional<std::string>> find(std::string_view key) const override { return rows_.get(key); }
    std::shared_ptr<const InlineView> view() const override { return std::make_shared<View>(shared_from_this()); }
    const std::string& directory() const override { return directory_; }

    void write(const RowBatch& changes) { rows_.write(changes); }
    void write(const StagedRows& staged)
    {
        RowBatch changes;
        for (const auto& [key, stored] : staged.changes()) stored ? changes.put(key, *stored) : changes.remove(key);
        rows_.write(changes);
    }

private:
    class View final : public InlineView {
    public:
        explicit View(std::shared_ptr<const MemoryRows> rows) : rows_{std::move(rows)}, moment_{rows_->rows_} {}
        result<std::optional<std::string>> get(std::string_view key) const override { return moment_.get(key); }
        std::unique_ptr<RowCursor> scan(const KeySpan& span, bool backwards) const override
        {
            return moment_.scan(span, backwards);
        }

    private:
        const std::shared_ptr<const MemoryRows> rows_;
        const VersionedMap::View moment_;
    };

    const std::string directory_ = "the event store in memory";
    VersionedMap rows_;
};

class MemoryStore final : public EventStore {
public:
    MemoryStore(const Runtime& runtime, const StoreLimits& limits) : runtime_{runtime}, limits_{limits} {}

    result<Appended> append(const AppendRequest& request) override
    {
        BOOST_OUTCOME_TRY(check_append(request, limits_));
        const std::lock_guard one_at_a_time{appending_};
        BOOST_OUTCOME_TRY(auto decision, decide_append(request, log_, runtime_.clock.now()));
        if (decision.repeated) return std::move(*decision.repeated);

        recorded_at_ = std::max(recorded_at_, runtime_.clock.now());
        auto answer  = answer_of(request, decision, log_.head());
        auto events  = std::make_shared<std::vector<RecordedEvent>>();
        record_events(request, answer, recorded_at_, *events);
        StagedRows staged{folds_, find_row_};
        if (not events->empty()) {
            BOOST_OUTCOME_TRY(staged.fold(*events));
        }
        {
            const std::unique_lock lock{mutex_};
            for (const RecordedEvent& event : *events) log_.add(event);
            if (answer.command) log_.commands.emplace(answer.command->id, *answer.command);
        }
        if (not staged.empty()) rows_->write(staged);
        staged.tell_written(answer.last_position);
        if (not events->empty()) observers_.tell(events);
        return answer;
    }

    void append(AppendRequest request, AppendCompletion completion) override
    {
        tell_completion(completion, append(request));
    }

    std::unique_ptr<EventCursor> read(const ReadRequest& request) const override
    {
        if (const auto checked = check_scope(request.scope); not checked)
            return std::make_unique<FailedCursor>(checked.error());
        const std::shared_lock lock{mutex_};
        const bool forwards = request.direction == Direction::forwards;
        std::vector<Position> chosen;
        const auto status = log_.status_of(request.scope.name(), std::numeric_limits<Position>::max());
        if (not status) return std::make_unique<FailedCursor>(status.error());
        for (Position step = 1; step <= log_.head() && chosen.size() < request.limit; ++step) {
            const Position position    = forwards ? step : log_.head() + 1 - step;
            const RecordedEvent& event = *log_.events[position - 1];
            if (wants(request, event, forwards) && keeps(status.value(), request, event)) chosen.push_back(position);
        }
        return std::make_unique<MemoryCursor>(
            [this](Position position) {
                const std::shared_lock reading{mutex_};
                return log_.events[position - 1];
            },
            std::move(chosen));
    }

    result<std::optional<RecordedEvent>> find_event(const Uuid& id) const override
    {
        const std::shared_lock lock{mutex_};
        BOOST_OUTCOME_TRY(const auto position, log_.position_of(id));
        if (not position) return std::optional<RecordedEvent>{};
        return std::optional{*log_.events[*position - 1]};
    }

    result<std::uint64_t> stream_length(std::string_view stream) const override
    {
        const std::shared_lock lock{mutex_};
        return log_.length_of(std::string{stream});
    }

    result<std::vector<std::string>> stored_types() const override
    {
        const std::shared_lock lock{mutex_};
        std::set<std::string> types;
        for (const auto& event : log_.events) types.insert(event->type);
        return std::vector<std::string>(types.begin(), types.end());
    }

    result<std::optional<CommandRecord>> find_command(const Uuid& id) const override
    {
        const std::shared_lock lock{mutex_};
        return log_.command(id);
    }

    Position head() const override
    {
        const std::shared_lock lock{mutex_};
        return log_.head();
    }

    Observation observe(CommitObserver observer) override { return observers_.add(std::move(observer)); }

    std::shared_ptr<const InlineRows> inline_rows() const override { return rows_; }

    result<std::unique_ptr<HeldAppends>> hold_appends() override
    {
        return std::unique_ptr<HeldAppends>{std::make_unique<Held>(*this)};
    }

private:
    class Held final : public HeldAppends {
    public:
        explicit Held(MemoryStore& store) : store_{store}, nobody_appends_{store.appending_} {}
        InlineFolds& folds() override { return store_.folds_; }
        result<void> write(const RowBatch& changes) override
        {
            store_.rows_->write(changes);
            return done();
        }

    private:
        MemoryStore& store_;
        const std::lock_guard<std::mutex> nobody_appends_;
    };

    static bool wants(const ReadRequest& request, const RecordedEvent& event, bool forwards)
    {
        const auto place = request.scope.kind() == Scope::Kind::stream ? event.version : event.position;
        if (request.from && (forwards ? place < *request.from : place > *request.from)) return false;
        if (request.at && (forwards ? event.recorded_at < *request.at : event.recorded_at > *request.at)) return false;
        return request.scope.contains(event);
    }

    // The limits of a stream are for whoever reads that stream.
    bool keeps(const StreamStatus& status, const ReadRequest& request, const RecordedEvent& event) const
    {
        if (request.scope.kind() != Scope::Kind::stream || status == StreamStatus{}) return true;
        const auto length = log_.length_of(event.stream).value();
        if (event.version < status.first_kept(length)) return false;
        return not status.limits.max_age || event.recorded_at >= runtime_.clock.now() - *status.limits.max_age;
    }

    const Runtime runtime_;
    const StoreLimits limits_;
    std::mutex appending_;
    InlineFolds folds_; // under that lock
    const std::shared_ptr<MemoryRows> rows_ = std::make_shared<MemoryRows>();
    const FindStored find_row_              = [this](const std::string& key) { return rows_->find(key); };
    mutable std::shared_mutex mutex_;
    Log log_;
    Time recorded_at_{};
    Observers observers_;
};

} // namespace

std::unique_ptr<EventStore> open_memory_store(const Runtime& runtime, const StoreLimits& limits)
{
    return std::make_unique<MemoryStore>(runtime, limits);
}

} // namespace eventloom
