#include <eventloom/eventstore/memory_store.hpp>

#include "append_rules.hpp"
#include "observers.hpp"

#include <map>
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

    Position head() const override { return events.size(); }

    void add(const RecordedEvent& event)
    {
        events.push_back(std::make_shared<const RecordedEvent>(event));
        streams[event.stream].push_back(event.position);
        categories[std::string{category_of(event.stream)}].push_back(event.position);
        ids.emplace(event.id, event.position);
    }

    std::vector<std::shared_ptr<const RecordedEvent>> events;
    std::map<std::string, std::vector<Position>, std::less<>> streams;
    std::map<std::string, std::vector<Position>, std::less<>> categories;
    std::map<Uuid, Position> ids;
    std::map<Uuid, CommandRecord> commands;
};

// Walks over places (indexes into a list of positions, or into the log itself) and looks each up when it is asked for.
class MemoryCursor final : public EventCursor {
public:
    using Find = std::function<std::shared_ptr<const RecordedEvent>(std::uint64_t place)>;

    // The places from `first` on, `count` of them.
    MemoryCursor(Find find, std::uint64_t first, std::uint64_t count, Direction direction)
        : find_{std::move(find)}, place_{first}, left_{count}, direction_{direction}
    {
    }

    result<const RecordedEvent*> next() override
    {
        if (left_ == 0) return nullptr;
        --left_;
        current_ = find_(place_);
        place_ += direction_ == Direction::forwards ? 1 : std::uint64_t(-1);
        return current_.get();
    }

private:
    Find find_;
    std::uint64_t place_;
    std::uint64_t left_;
    Direction direction_;
    std::shared_ptr<const RecordedEvent> current_;
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
        auto plan    = plan_append(request, decision, log_.head(), recorded_at_);
        auto events  = std::make_shared<const std::vector<RecordedEvent>>(std::move(plan.events));
        {
            const std::unique_lock lock{mutex_};
            for (const RecordedEvent& event : *events) log_.add(event);
            if (plan.answer.command) log_.commands.emplace(plan.answer.command->id, *plan.answer.command);
        }
        if (not events->empty()) observers_.tell(events);
        return std::move(plan.answer);
    }

    void append(AppendRequest request, AppendCompletion completion) override { completion(append(request)); }

    std::unique_ptr<EventCursor> read(const ReadRequest& request) const override
    {
        const std::shared_lock lock{mutex_};
        const bool forwards = request.direction == Direction::forwards;
        const auto* places  = places_of(request.scope);
        const auto count    = places != nullptr                                 ? places->size()
                              : request.scope.kind() == Scope::Kind::everything ? log_.events.size()
                                                                                : std::size_t{0};
        // `begin` is the first place wanted forwards, `end` the one behind the first place wanted backwards.
        std::uint64_t begin = 0;
        std::uint64_t end   = count;
        if (request.from) {
            begin = std::min<std::uint64_t>(count, place_of(request.scope, places, *request.from));
            end   = std::min<std::uint64_t>(count, place_of(request.scope, places, after(*request.from)));
        }
        const auto found = std::min(request.limit, forwards ? count - begin : end);
        return std::make_unique<MemoryCursor>(finder(request.scope), forwards ? begin : end - 1, found,
                                              request.direction);
    }

    result<std::uint64_t> stream_length(std::string_view stream) const override
    {
        const std::shared_lock lock{mutex_};
        return log_.length_of(std::string{stream});
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

private:
    const std::vector<Position>* places_of(const Scope& scope) const
    {
        const auto& index = scope.kind() == Scope::Kind::stream ? log_.streams : log_.categories;
        if (scope.kind() == Scope::Kind::everything) return nullptr;
        const auto found = index.find(scope.name());
        return found == index.end() ? nullptr : &found->second;
    }

    static std::uint64_t after(std::uint64_t from)
    {
        return from == std::numeric_limits<std::uint64_t>::max() ? from : from + 1;
    }

    // The first place at or behind `from`.
    static std::uint64_t place_of(const Scope& scope, const std::vector<Position>* places, std::uint64_t from)
    {
        if (scope.kind() == Scope::Kind::stream) return from;
        if (places == nullptr) return from == 0 ? 0 : from - 1;
        return static_cast<std::uint64_t>(std::lower_bound(places->begin(), places->end(), from) - places->begin());
    }

    MemoryCursor::Find finder(const Scope& scope) const
    {
        return [this, scope](std::uint64_t place) {
            const std::shared_lock lock{mutex_};
            const auto* places = places_of(scope);
            return log_.events[places == nullptr ? place : (*places)[place] - 1];
        };
    }

    const Runtime runtime_;
    const StoreLimits limits_;
    std::mutex appending_;
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
