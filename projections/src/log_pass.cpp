#include "log_pass.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>

namespace eventloom {

namespace {

constexpr std::size_t batches_max      = 4;
constexpr std::size_t batch_events_max = 1'024;
constexpr std::size_t batch_bytes_max  = 4u << 20;
constexpr auto look_again_after        = std::chrono::hours{1}; // should nothing at all happen

// Events as they were read. The objects are used again: their texts then have the room they need.
struct Batch {
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

    // Those behind a position.
    std::span<const RecordedEvent> behind(Position position) const
    {
        const auto all   = std::span{events}.first(count);
        const auto first = std::partition_point(all.begin(), all.end(), [&](const RecordedEvent& event) {
            return event.position <= position;
        });
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
        head  = up_to;
        types = types_heard(lanes);
        Position from = head;
        for (const Lane& lane : lanes) from = std::min(from, lane.fold.reached());
        cursor = store.read({.scope = scope(), .from = from + 1});
        for (std::size_t i = 0; i < batches_max; ++i) unused.push_back(std::make_unique<Batch>());
        const std::lock_guard lock{mutex};
        read_on();
    }

    // One category when all folds hear that one alone.
    Scope scope() const
    {
        const auto& first = lanes.front().fold.definition().categories();
        const bool same   = std::all_of(lanes.begin(), lanes.end(), [&](const Lane& lane) {
            return lane.fold.definition().categories() == first;
        });
        return same ? scope_of(lanes.front().fold.definition()) : Scope::everything();
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
    result<bool> fill(Batch& batch)
    {
        batch.clear();
        while (not batch.is_full()) {
            BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
            if (event == nullptr || event->position > head) {
                batch.reached = head;
                return false;
            }
            if (std::binary_search(types.begin(), types.end(), event->type)) batch.add(*event);
            batch.reached = event->position;
        }
        return true;
    }

    // The batch comes back when the last fold has handled it.
    void hand_over(std::unique_ptr<Batch> batch)
    {
        const std::shared_ptr<const Batch> shared{batch.release(), [self = shared_from_this()](const Batch* done_with) {
                                                      const std::lock_guard lock{self->mutex};
                                                      self->unused.emplace_back(const_cast<Batch*>(done_with));
                                                      self->read_on();
                                                  }};
        for (Lane& lane : lanes) {
            lane.strand.post([self = shared_from_this(), &lane, shared] { self->handle(lane, *shared); });
        }
    }

    void handle(Lane& lane, const Batch& batch)
    {
        if (lane.failed || batch.reached <= lane.fold.reached()) return;
        lane.ended = lane.fold.handle(batch.behind(lane.fold.reached()), batch.reached, Visibility::when_memory_is_full);
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
    std::unique_ptr<EventCursor> cursor; // of the reading task

    mutable std::mutex mutex; // over what follows
    std::vector<std::unique_ptr<Batch>> unused;
    bool reading = false;
    bool ended   = false; // nothing more is read
    std::optional<Error> error;
};

LogPass::LogPass(const Runtime& runtime, const EventStore& store) : state_{std::make_shared<State>(runtime, store)} {}

LogPass::~LogPass() = default;

void LogPass::add(LogFold& fold)
{
    state_->lanes.emplace_back(state_->runtime.executor, fold);
}

std::vector<result<void>> LogPass::run(Position head, const LogProgress& progress)
{
    auto& state = *state_;
    state.begin(head);
    for (Position shown = 0; not state.is_over();) {
        state.runtime.executor.wait_until([&] { return state.is_over() || state.reached() != shown; },
                                          state.runtime.clock.now() + look_again_after);
        shown = state.reached();
        if (state.all_failed()) state.stop_reading();
        if (not progress) continue;
        if (auto told = progress(shown, head); not told) state.stop_reading(std::move(told.error()));
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
