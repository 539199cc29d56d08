#include <eventloom/eventstore/engines.hpp>

#include "memory_log.hpp"

#include <eventloom/framework/observers.hpp>

#include <algorithm>
#include <limits>
#include <set>
#include <shared_mutex>

namespace eventloom {

namespace {

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

class OpenMemoryStore final : public MemoryStore {
public:
    OpenMemoryStore(const Runtime& runtime, const StoreLimits& limits, std::shared_ptr<MemoryLog> kept)
        : clock_{runtime.clock}, limits_{limits}, kept_{std::move(kept)}
    {
        rows_->forget_folds();
    }

    result<Appended> append(const AppendRequest& request) override
    {
        BOOST_OUTCOME_TRY(check_append(request, limits_));
        const std::lock_guard one_at_a_time{appending_};
        BOOST_OUTCOME_TRY(auto decision, decide_append(request, log_, clock_.now()));
        if (decision.repeated) return std::move(*decision.repeated);

        recorded_at_ = std::max(recorded_at_, clock_.now());
        auto answer  = answer_of(request, decision, log_.head());
        auto events  = std::make_shared<std::vector<RecordedEvent>>();
        record_events(request, answer, recorded_at_, *events);
        StagedRows staged{rows_->folds(), find_row_};
        if (not events->empty()) {
            BOOST_OUTCOME_TRY(staged.fold(*events));
        }
        {
            const std::unique_lock lock{mutex_};
            for (const RecordedEvent& event : *events) log_.add(event);
            if (answer.command) log_.add(*answer.command);
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
        const Places places = places_of(request, forwards);
        for (std::uint64_t i = 0; i < places.count && chosen.size() < request.limit; ++i) {
            const auto place           = forwards ? places.first + i : places.first + places.count - 1 - i;
            const Position position    = places.of_stream == nullptr ? place + 1 : (*places.of_stream)[place];
            const RecordedEvent& event = *log_.events[position - 1];
            if (not is_gone(event) && wants(request, event, forwards) && keeps(status.value(), request, event))
                chosen.push_back(position);
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
        if (not position || is_gone(*log_.events[*position - 1])) return std::optional<RecordedEvent>{};
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
        for (const auto& event : log_.events) {
            if (not is_gone(*event)) types.insert(event->type);
        }
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

    std::shared_ptr<InlineRows> inline_rows() const override { return rows_; }

    result<std::unique_ptr<HeldAppends>> hold_appends() override
    {
        return std::unique_ptr<HeldAppends>{std::make_unique<Held>(*this)};
    }

    result<void> visit_streams(const VisitStream& visit) const override
    {
        std::vector<std::pair<std::string, std::uint64_t>> streams;
        {
            const std::shared_lock lock{mutex_};
            for (const auto& [name, positions] : log_.streams) streams.emplace_back(name, positions.size());
        }
        for (const auto& [name, events] : streams) visit(name, events);
        return done();
    }

    result<void> visit_history(Position from, const HistoryVisitor& visitor) const override
    {
        const auto first     = std::max<Position>(from, 1);
        std::size_t commands = first_command_from(from);
        for (Position at = first - 1; at <= head(); ++at) {
            if (at >= first) {
                BOOST_OUTCOME_TRY(visitor.event(*event_at(at)));
            }
            while (const auto command = command_up_to(at, commands)) {
                BOOST_OUTCOME_TRY(visitor.command(*command));
                ++commands;
            }
        }
        return done();
    }

    result<StoreProperties> properties() const override
    {
        const std::shared_lock lock{mutex_};
        return StoreProperties{.properties = {{"durability", std::string{"in memory: gone with the process"}},
                                              {"events", log_.head()},
                                              {"streams", std::uint64_t{log_.streams.size()}},
                                              {"takes appends", std::string{"yes"}}}};
    }

    std::optional<Error> fault() const override { return std::nullopt; }

    result<VerifyReport> verify(const UpkeepProgress& progress) const override
    {
        VerifyReport report;
        report.events = head();
        if (progress) {
            BOOST_OUTCOME_TRY(progress(report.events));
        }
        return report;
    }

    result<void> sync() override { return done(); }

    result<void> take_out(const std::vector<Position>& positions) override
    {
        const std::unique_lock lock{mutex_};
        for (const Position position : positions) log_.take_out(position);
        return done();
    }

private:
    class Held final : public HeldAppends {
    public:
        explicit Held(OpenMemoryStore& store) : nobody_appends_{store.appending_} {}

    private:
        const std::lock_guard<std::mutex> nobody_appends_;
    };

    // Where an event that is wanted can stand: of the log, or of one stream.
    struct Places {
        const std::vector<Position>* of_stream = nullptr; // nullptr: of the log
        std::uint64_t first                    = 0;       // counted from 0
        std::uint64_t count                    = 0;
    };

    Places places_of(const ReadRequest& request, bool forwards) const
    {
        Places places;
        places.count = log_.head();
        if (request.scope.kind() == Scope::Kind::stream) {
            const auto found = log_.streams.find(request.scope.name());
            if (found == log_.streams.end()) return {};
            places = {&found->second, 0, found->second.size()};
        }
        if (not request.from) return places;
        const auto from = places.of_stream != nullptr || *request.from == 0 ? *request.from : *request.from - 1;
        if (not forwards) {
            places.count = std::min(places.count, from < places.count ? from + 1 : places.count);
        } else {
            places.first = std::min(from, places.count);
            places.count -= places.first;
        }
        return places;
    }

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
        return not status.limits.max_age || event.recorded_at >= clock_.now() - *status.limits.max_age;
    }

    std::shared_ptr<const RecordedEvent> event_at(Position position) const
    {
        const std::shared_lock lock{mutex_};
        return log_.events[position - 1];
    }

    // Among the commands in order. With `from` 1 also those before the first event.
    std::size_t first_command_from(Position from) const
    {
        if (from <= 1) return 0;
        const std::shared_lock lock{mutex_};
        const auto& all = log_.commands_in_order;
        const auto found =
            std::lower_bound(all.begin(), all.end(), from,
                             [](const CommandRecord& command, Position at) { return command.last_position < at; });
        return static_cast<std::size_t>(found - all.begin());
    }

    std::optional<CommandRecord> command_up_to(Position position, std::size_t at) const
    {
        const std::shared_lock lock{mutex_};
        const auto& all = log_.commands_in_order;
        return at < all.size() && all[at].last_position <= position ? std::optional{all[at]} : std::nullopt;
    }

    const Clock& clock_;
    const StoreLimits limits_;
    const std::shared_ptr<MemoryLog> kept_;
    MemoryEvents& log_                      = kept_->log;
    std::shared_mutex& mutex_               = kept_->mutex;
    Time& recorded_at_                      = kept_->recorded_at;
    const std::shared_ptr<MemoryRows> rows_ = kept_->rows;
    const FindStored find_row_              = [this](const std::string& key) { return rows_->find(key); };
    std::mutex appending_;
    Observers observers_;
};

} // namespace

std::unique_ptr<MemoryStore> open_memory_store(const Runtime& runtime, std::shared_ptr<MemoryLog> log,
                                               const StoreLimits& limits)
{
    return std::make_unique<OpenMemoryStore>(runtime, limits, std::move(log));
}

std::unique_ptr<MemoryStore> open_memory_store(const Runtime& runtime, const StoreLimits& limits)
{
    return open_memory_store(runtime, std::make_shared<MemoryLog>(), limits);
}

} // namespace eventloom
