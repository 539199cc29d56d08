#include "fold/log_pass.hpp"

#include <eventloom/framework/detail/user_code.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>

namespace eventloom {

namespace {

constexpr std::size_t batches_max      = 4;
constexpr std::size_t batch_events_max = 4'096;
constexpr std::size_t batch_bytes_max  = 4u << 20;
// Unwanted events count too; otherwise a batch could be as long as the log.
constexpr std::size_t batch_events_read_max = 65'536;
// An event found by the index costs the reading of its record, which holds about a hundred: reasoned, not measured.
constexpr Position looked_at_before_choosing = 200'000;
constexpr Position along_the_log_from        = 100;                   // one wanted event in as many, or more
constexpr Position by_index_up_to            = 50;                    // one in as many, or fewer
constexpr auto look_again_after              = std::chrono::hours{1}; // should nothing at all happen

enum class Way : std::uint8_t { along_the_log, by_index };

Scope scope_of_types(const std::vector<std::string>& types)
{
    return Scope::matching({{{.types = types}}});
}

// Events as they were read. The objects are used again: their texts then have the room they need.
struct EventBatch {
    std::vector<RecordedEvent> events;
    std::size_t count = 0;
    std::size_t bytes = 0;
    Position reached  = 0;

    bool is_full() const { return count == batch_events_max || bytes >= batch_bytes_max; }

    void add(const RecordedEvent& event)
    {
        if (count == events.size()) events.emplace_back();
        events[count++] = event;
        bytes += event.data.size();
    }

    void clear()
    {
        if (bytes >= batch_bytes_max) events.clear(); // large events keep their room no longer
        count = 0;
        bytes = 0;
    }

    std::span<const RecordedEvent> after(Position position) const
    {
        const auto all   = std::span{events}.first(count);
        const auto first = std::partition_point(all.begin(), all.end(),
                                                [&](const RecordedEvent& event) { return event.position <= position; });
        return all.subspan(static_cast<std::size_t>(first - all.begin()));
    }
};

// One fold in the pass.
struct Lane {
    Lane(Executor& executor, LogFold& of) : fold{of}, strand{executor} {}

    LogFold& fold;
    const Strand strand;
    std::atomic<bool> failed{false};
    result<void> ended = done(); // written by the strand, read when all is over
};

std::vector<std::string> types_heard(const std::deque<Lane>& lanes)
{
    std::vector<std::string> types;
    for (const Lane& lane : lanes) {
        const auto& more = lane.fold.definition().types();
        types.insert(types.end(), more.begin(), more.end());
    }
    std::sort(types.begin(), types.end());
    types.erase(std::unique(types.begin(), types.end()), types.end());
    return types;
}

} // namespace

struct LogPass::State : std::enable_shared_from_this<State> {
    State(const Runtime& runtime_used, const EventStore& store_read) : runtime{runtime_used}, store{store_read} {}

    void begin(Position up_to)
    {
        head       = up_to;
        types      = types_heard(lanes);
        read_up_to = head;
        for (const Lane& lane : lanes) read_up_to = std::min(read_up_to, lane.fold.reached());
        read_from(read_up_to + 1, Way::along_the_log);
        for (std::size_t i = 0; i < batches_max; ++i) unused.push_back(std::make_unique<EventBatch>());
        const std::lock_guard lock{mutex};
        read_on();
    }

    void read_from(Position first, Way by)
    {
        way    = by;
        cursor = store.read(
            {.scope = by == Way::along_the_log ? Scope::everything() : scope_of_types(types), .from = first});
        looked_at = 0;
        wanted    = 0;
    }

    // Where few events are heard the index leads to them; where many are, it would only be in the way.
    void choose_way(Position next)
    {
        if (looked_at < looked_at_before_choosing) return;
        const bool few  = wanted * along_the_log_from < looked_at;
        const bool many = wanted * by_index_up_to > looked_at;
        if (way == Way::along_the_log && few) return read_from(next, Way::by_index);
        if (way == Way::by_index && many) return read_from(next, Way::along_the_log);
        looked_at = 0;
        wanted    = 0;
    }

    // With the mutex held: has the next batch read when there is one to fill.
    void read_on()
    {
        if (reading || ended || unused.empty()) return;
        reading = true;
        runtime.executor.post([self = shared_from_this()] { self->read_batch(); });
    }

    void read_batch()
    {
        std::unique_lock lock{mutex};
        auto batch = std::move(unused.back());
        unused.pop_back();
        lock.unlock();

        auto more = fill(*batch);
        hand_over(std::move(batch)); // without the lock, which its return takes
        lock.lock();
        reading = false;
        if (not more) error = std::move(more.error());
        if (not more || not more.value()) ended = true;
        read_on();
    }

    // Whether there is more to read.
    result<bool> fill(EventBatch& batch)
    {
        batch.clear();
        for (std::size_t read = 0; read < batch_events_read_max && not batch.is_full(); ++read) {
            BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
            if (event == nullptr || event->position > head) {
                batch.reached = head;
                return false;
            }
            if (std::binary_search(types.begin(), types.end(), event->type)) batch.add(*event);
            looked_at += event->position - read_up_to;
            read_up_to    = event->position;
            batch.reached = event->position;
        }
        wanted += batch.count;
        choose_way(read_up_to + 1);
        return true;
    }

    // The batch comes back when the last fold has handled it.
    void hand_over(std::unique_ptr<EventBatch> batch)
    {
        const std::shared_ptr<const EventBatch> shared{
            batch.release(), [self = shared_from_this()](const EventBatch* done_with) {
                const std::lock_guard lock{self->mutex};
                self->unused.emplace_back(const_cast<EventBatch*>(done_with));
                self->read_on();
            }};
        for (Lane& lane : lanes) {
            lane.strand.post([self = shared_from_this(), &lane, shared] { self->handle(lane, *shared); });
        }
    }

    void handle(Lane& lane, const EventBatch& batch)
    {
        if (lane.failed || batch.reached <= lane.fold.reached()) return;
        lane.ended = lane.fold.handle(batch.after(lane.fold.reached()), batch.reached, Visibility::when_memory_is_full);
        if (not lane.ended) lane.failed = true;
    }

    bool is_over() const
    {
        const std::lock_guard lock{mutex};
        return ended && not reading && unused.size() == batches_max;
    }

    Position reached() const
    {
        Position least = head;
        for (const Lane& lane : lanes) {
            if (not lane.failed) least = std::min(least, lane.fold.reached());
        }
        return least;
    }

    bool all_failed() const
    {
        return std::all_of(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.failed.load(); });
    }

    void stop_reading(std::optional<Error> because = {})
    {
        const std::lock_guard lock{mutex};
        ended = true;
        if (because) error = std::move(because);
    }

    const Runtime runtime;
    const EventStore& store;
    std::deque<Lane> lanes;
    Position head = 0;
    std::vector<std::string> types;

    // Of the reading task.
    std::unique_ptr<EventCursor> cursor;
    Way way             = Way::along_the_log;
    Position read_up_to = 0;
    Position looked_at  = 0; // positions, since the way was chosen or looked at again
    Position wanted     = 0; // events among them

    mutable std::mutex mutex; // over what follows
    std::vector<std::unique_ptr<EventBatch>> unused;
    bool reading = false;
    bool ended   = false; // nothing more is read
    std::optional<Error> error;
};

LogPass::LogPass(const Runtime& runtime, const EventStore& store) : state_{std::make_shared<State>(runtime, store)} {}

LogPass::~LogPass() = default;

void LogPass::add(LogFold& fold)
{
    fold.write_behind(state_->runtime.executor);
    state_->lanes.emplace_back(state_->runtime.executor, fold);
}

std::vector<result<void>> LogPass::run(Position head, const LogProgress& progress)
{
    auto& state = *state_;
    state.begin(head);
    bool wanted = static_cast<bool>(progress); // to tell more: not after it has ended the pass
    for (Position shown = 0; not state.is_over();) {
        state.runtime.executor.wait_until([&] { return state.is_over() || state.reached() != shown; },
                                          state.runtime.clock.now() + look_again_after);
        shown = state.reached();
        if (state.all_failed()) state.stop_reading();
        if (not wanted) continue;
        // An exception would leave while the folds, which are the caller's, go on.
        auto told = call_user_code("the progress of a rebuild", {}, [&] { return progress(shown, head); });
        if (not told) {
            state.stop_reading(std::move(told.error()));
            wanted = false;
        }
    }
    std::vector<result<void>> ends;
    for (Lane& lane : state.lanes) {
        if (not lane.failed && state.error) lane.ended = *state.error;
        if (lane.ended) lane.ended = lane.fold.flush();
        ends.push_back(std::move(lane.ended));
    }
    return ends;
}

result<void> catch_up(const Runtime& runtime, const EventStore& store, LogFold& fold, Position head,
                      const LogProgress& progress)
{
    LogPass pass{runtime, store};
    pass.add(fold);
    return std::move(pass.run(head, progress).front());
}

} // namespace eventloom
