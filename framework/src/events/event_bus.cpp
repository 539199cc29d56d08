#include <eventloom/framework/event_bus.hpp>

#include <eventloom/framework/detail/ensure.hpp>
#include <eventloom/framework/detail/inline_rows.hpp>
#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

namespace eventloom {

namespace {

// A commit of the log, as every subscriber shares it.
using Commit = std::shared_ptr<const std::vector<RecordedEvent>>;

std::size_t rough_size(const std::vector<RecordedEvent>& events)
{
    std::size_t bytes = 0;
    for (const RecordedEvent& event : events) bytes += sizeof(RecordedEvent) + event.data.size() + event.stream.size();
    return bytes;
}

// The newest commits, bounded in events and bytes.
class RecentCommits {
public:
    explicit RecentCommits(const EventBusOptions& options) : options_{options} {}

    void push(Commit commit)
    {
        if (commit->empty()) return;
        const std::lock_guard lock{mutex_};
        events_ += commit->size();
        bytes_ += rough_size(*commit);
        commits_.push_back(std::move(commit));
        while (not commits_.empty() && (events_ > options_.recent_events_max || bytes_ > options_.recent_bytes_max)) {
            events_ -= commits_.front()->size();
            bytes_ -= rough_size(*commits_.front());
            commits_.pop_front();
        }
    }

    void clear()
    {
        const std::lock_guard lock{mutex_};
        commits_.clear();
        events_ = 0;
        bytes_  = 0;
    }

    // The commit that holds `position`, if it is still here.
    Commit find(Position position) const
    {
        const std::lock_guard lock{mutex_};
        const auto next =
            std::upper_bound(commits_.begin(), commits_.end(), position,
                             [](Position wanted, const Commit& commit) { return wanted < commit->front().position; });
        if (next == commits_.begin()) return nullptr;
        const Commit& commit = *std::prev(next);
        return position <= commit->back().position ? commit : nullptr;
    }

private:
    const EventBusOptions options_;
    mutable std::mutex mutex_;
    std::deque<Commit> commits_;
    std::size_t events_ = 0;
    std::size_t bytes_  = 0;
};

// One subscriber. It is driven by a task at a time: `notified_` says that one is waiting or running and will look again.
class Follower final : public EventSubscription, public std::enable_shared_from_this<Follower> {
public:
    Follower(const Runtime& runtime, const EventStore& store, std::shared_ptr<const RecentCommits> recent,
             SubscriptionOptions options, DeliveryHandler handler)
        : strand_{runtime.executor}, log_{runtime.log}, store_{store}, recent_{std::move(recent)},
          options_{std::move(options)}, handler_{std::move(handler)}, position_{options_.after}
    {
        std::sort(options_.types.begin(), options_.types.end());
    }

    const SubscriptionOptions& options() const { return options_; }
    const std::string& name() const override { return options_.name; }
    Position position() const override { return position_.load(); }

    std::optional<Error> error() const override
    {
        const std::lock_guard lock{error_mutex_};
        return error_;
    }

    // It is called no more.
    void give_up(Error error)
    {
        write_to(log_, LogLevel::error, "subscription-stopped",
                 {{"subscription", options_.name}, {"position", position()}}, error);
        {
            const std::lock_guard lock{error_mutex_};
            error_ = std::move(error);
        }
        failed_ = true;
        cursor_.reset();
    }

    void stop() override
    {
        stopped_ = true;
        if (running_on_.load() == std::this_thread::get_id()) return;
        const std::lock_guard wait_for_the_handler{handling_};
    }

    void hold() override { held_ = true; }

    void go_on() override
    {
        held_ = false;
        notify();
    }

    // There may be something new: look, soon.
    void notify()
    {
        if (notified_.exchange(true)) return;
        // Not kept alive by its own strand: a task that is never run would keep both for ever.
        strand_.post([weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->take_a_turn();
        });
    }

private:
    // One batch a turn, so that many subscribers share few threads fairly.
    void take_a_turn()
    {
        notified_ = false;
        bool more = false;
        {
            const std::lock_guard lock{handling_};
            if (stopped_ || failed_ || held_) return;
            running_on_ = std::this_thread::get_id();
            auto moved  = advance();
            running_on_ = std::thread::id{};
            if (not moved) return give_up(std::move(moved.error()));
            more = moved.value();
        }
        if (more) notify();
    }

    // Hands over the next batch; says whether there may be more.
    result<bool> advance()
    {
        const Position head = store_.head();
        if (position_ >= head) return false;
        if (not cursor_) {
            if (const Commit commit = recent_->find(position_ + 1)) return hand_over_recent(commit, head);
            // The head is asked first: everything up to it is in the cursor.
            cursor_reaches_ = head;
            std::optional<std::uint64_t> from; // in a stream places are versions: it is read from its beginning
            if (options_.scope.kind() != Scope::Kind::stream) from = position_ + 1;
            cursor_ = store_.read({.scope = options_.scope, .from = from});
        }
        return hand_over_from_log();
    }

    result<bool> hand_over_recent(Commit commit, Position head)
    {
        std::vector<RecordedEvent> chosen;
        Position reached = position_;
        while (commit) {
            for (const RecordedEvent& event : *commit) {
                if (event.position <= reached) continue;
                if (wants(event)) chosen.push_back(event);
            }
            reached = commit->back().position;
            if (chosen.size() >= options_.batch_events_max || reached >= head) break;
            commit = recent_->find(reached + 1);
        }
        return hand_over(chosen, reached);
    }

    result<bool> hand_over_from_log()
    {
        std::vector<RecordedEvent> chosen;
        Position reached = position_;
        // Unwanted events count too; otherwise a batch could be as long as the log.
        for (std::size_t seen = 0; seen < options_.batch_events_max; ++seen) {
            BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor_->next());
            if (event == nullptr) {
                reached = std::max(reached, cursor_reaches_);
                cursor_.reset();
                break;
            }
            if (event->position <= reached) continue;
            reached = event->position;
            if (wants(*event)) chosen.push_back(*event);
        }
        return hand_over(chosen, reached);
    }

    result<bool> hand_over(const std::vector<RecordedEvent>& events, Position reached)
    {
        const bool live = reached >= store_.head();
        if (reached == position_) return not live; // the log was read to its end before, and only now found out
        const Delivery delivery{.events = events, .position = reached, .live = live};
        BOOST_OUTCOME_TRY(
            call_user_code("the handler of the subscription", options_.name, [&] { return handler_(delivery); }));
        position_ = reached;
        return not live;
    }

    bool wants(const RecordedEvent& event) const
    {
        return options_.scope.contains(event) &&
               (options_.types.empty() || std::binary_search(options_.types.begin(), options_.types.end(), event.type));
    }

    const Strand strand_;
    Log* const log_;
    const EventStore& store_;
    const std::shared_ptr<const RecentCommits> recent_;
    SubscriptionOptions options_;
    const DeliveryHandler handler_;

    std::atomic<Position> position_;
    std::atomic<bool> notified_{false};
    std::atomic<bool> stopped_{false};
    std::atomic<bool> failed_{false};
    std::atomic<bool> held_{false};
    std::atomic<std::thread::id> running_on_{};
    std::mutex handling_;                 // held while the handler runs, so that stop() can wait for it
    std::unique_ptr<EventCursor> cursor_; // while catching up; guarded by handling_
    Position cursor_reaches_ = 0;

    mutable std::mutex error_mutex_;
    std::optional<Error> error_;
};

result<void> check_beginning(const EventStore& store, const SubscriptionOptions& options)
{
    BOOST_OUTCOME_TRY(check_scope(options.scope));
    return check_checkpoint(store, options.after, "began the subscription " + options.name,
                            "make anew what was made of its events, and begin with the first");
}

} // namespace

struct EventBus::Core {
    Core(const Runtime& runtime_used, EventStore& store_used, const EventBusOptions& options)
        : runtime{runtime_used}, store{store_used}, recent{std::make_shared<RecentCommits>(options)}
    {
    }

    void publish(Commit commit)
    {
        recent->push(std::move(commit));
        const std::lock_guard lock{mutex};
        std::erase_if(followers, [](const auto& follower) { return follower.expired(); });
        for (const auto& weak : followers) {
            if (const auto follower = weak.lock()) follower->notify();
        }
    }

    Runtime runtime;
    EventStore& store;
    const std::shared_ptr<RecentCommits> recent;
    std::mutex mutex;
    std::vector<std::weak_ptr<Follower>> followers;
    Observation observation;
};

EventBus::EventBus(const Runtime& runtime, EventStore& store, EventBusOptions options)
    : core_{std::make_shared<Core>(runtime, store, options)}
{
    core_->observation = store.observe([core = std::weak_ptr{core_}](Commit commit) {
        if (const auto alive = core.lock()) alive->publish(std::move(commit));
    });
}

EventBus::~EventBus() = default;

std::shared_ptr<EventSubscription> EventBus::subscribe(SubscriptionOptions options, DeliveryHandler handler)
{
    ensure(options.batch_events_max > 0, "a subscription asks for batches of no event");
    auto follower =
        std::make_shared<Follower>(core_->runtime, core_->store, core_->recent, std::move(options), std::move(handler));
    // Now, and not when its first turn comes: until then the log may have grown past where it is to begin.
    if (auto checked = check_beginning(core_->store, follower->options()); not checked)
        follower->give_up(std::move(checked.error()));
    {
        const std::lock_guard lock{core_->mutex};
        core_->followers.push_back(follower);
    }
    follower->notify();
    // A task in flight holds the follower too; what the caller holds is the promise that it stops.
    return {follower.get(), [follower](EventSubscription*) { follower->stop(); }};
}

result<void> EventBus::forget_recent()
{
    const auto held = core_->store.hold_appends();
    if (not held && held.error().kind != Failure::corrupt) return held.error();
    core_->recent->clear();
    return done();
}

bool EventBus::wait_for(const Subscription& subscription, Position position, Time deadline)
{
    const auto settled = [&] { return subscription.position() >= position || subscription.error().has_value(); };
    core_->runtime.executor.wait_until(settled, deadline);
    return subscription.position() >= position;
}

} // namespace eventloom
