#include "subscriber.hpp"

#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>
#include <eventloom/framework/stream_limits.hpp>
#include <eventloom/messaging/topics.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom::subscriptions {

namespace {

constexpr std::size_t events_read_together = 256;
constexpr std::size_t inbox_events_max     = 2'000;
constexpr std::size_t inbox_bytes_max      = 16u << 20; // a single delivery may be larger

result<void> no_such_topic(std::string_view subscription, std::string_view topic)
{
    return fail(
        Failure::invalid, "no-such-topic",
        fmt::format("began the subscription {} to the topic {} and found that the program has no topics; add it "
                    "to the service's topics()",
                    subscription, topic));
}

} // namespace

Subscriber::Subscriber(const Runtime& runtime, EventStore& store, EventBus& bus, const Queues& queues, Topics* topics,
                       Definition definition)
    : runtime_{runtime}, store_{store}, bus_{bus}, queues_{queues}, topics_{topics}, promise_{definition.promise},
      options_{std::move(definition.options)}, scope_{options_, std::move(definition.heard)}
{
}

std::size_t Subscriber::at_once() const
{
    if (options_.at_once != 0) return options_.at_once;
    return promise_ == Promise::at_least_once ? 1'000 : 1;
}

result<void> Subscriber::open()
{
    if (is_running_) return done();
    if (not scope_.topic().empty()) {
        if (topics_ == nullptr) return no_such_topic(name(), scope_.topic());
        BOOST_OUTCOME_TRY(topic_log_, topics_->log_of(scope_.topic()));
    }
    BOOST_OUTCOME_TRY(auto standing, read_standing(store_, name()));
    const std::lock_guard lock{mutex_};
    standing_  = std::move(standing);
    position_  = standing_.position;
    in_doubt_  = standing_.in_doubt;
    last_kept_ = Reached{position_, position_, true};
    unkept_    = 0;
    return done();
}

result<Position> Subscriber::beginning() const
{
    const Position head = heard().head();
    if (options_.begin.kind == Beginning::Kind::start && not topic_log_) return Position{0};
    if (options_.begin.kind == Beginning::Kind::now) return head;
    if (options_.begin.kind == Beginning::Kind::after) {
        BOOST_OUTCOME_TRY(check_checkpoint(heard(), options_.begin.after, "began the subscription " + name(),
                                           "begin at a position that the log has"));
        return options_.begin.after;
    }
    // What a topic has dropped before it begins was never to be heard.
    const auto at     = options_.begin.kind == Beginning::Kind::at ? std::optional{options_.begin.at} : std::nullopt;
    const auto cursor = heard().read({.at = at, .limit = 1});
    BOOST_OUTCOME_TRY(const RecordedEvent* event, cursor->next());
    return event == nullptr ? head : event->position - 1;
}

// Where it begins is recorded at once: "now" is not a later moment after a restart.
result<void> Subscriber::begin()
{
    BOOST_OUTCOME_TRY(const Position after, beginning());
    const FollowerFact began = Began{std::string{to_string(promise_)}, after, runtime_.clock.now()};
    BOOST_OUTCOME_TRY(keep(Reached{after, after, true}, {{append_of(began)}, {}}));
    const std::lock_guard lock{mutex_};
    standing_.apply(began);
    position_ = after;
    return done();
}

result<void> Subscriber::start()
{
    if (is_running_) return done();
    BOOST_OUTCOME_TRY(open());
    if (not standing_.begun) {
        BOOST_OUTCOME_TRY(begin());
    }
    // Only the last position is of use, so `store scavenge` gives the room of the others back.
    BOOST_OUTCOME_TRY(set_stream_limits(store_, runtime_.ids, stream_of_position(name()), {.max_count = 1}));
    BOOST_OUTCOME_TRY(check_checkpoint(heard(), position_, "began the subscription " + name(),
                                       "restore the log that it has followed"));
    if (in_doubt_) {
        write_to(runtime_.log, LogLevel::warning, "subscription-in-doubt",
                 {{"subscription", name()}, {"from", in_doubt_->first}, {"to", in_doubt_->second}});
    }
    std::unique_ptr<Executor> thread;
    BOOST_OUTCOME_TRY(call_user_code("the start of the thread of the subscription", name(),
                                     [&] { thread = runtime_.executor.own_threads(1); }));
    SubscriptionOptions of_bus{.name             = name(),
                               .scope            = scope_.scope(),
                               .types            = scope_.types(),
                               .after            = position_,
                               .batch_events_max = events_read_together};
    EventBus* bus = &bus_;
    if (topic_log_) {
        BOOST_OUTCOME_TRY(bus, topics_->bus_of(scope_.topic()));
        of_bus.scope = Scope::everything(); // a gap in the numbers says that messages are lost
        of_bus.types.clear();
    }
    const std::lock_guard lock{mutex_};
    heard_up_to_ = position_;
    thread_      = std::move(thread);
    stopping_    = std::stop_source{};
    is_running_  = true;
    is_stopped_  = false;
    is_fault_    = false;
    forget_failure();
    following_ = bus->subscribe(std::move(of_bus), [weak = weak_from_this()](const Delivery& delivery) -> result<void> {
        const auto self = weak.lock();
        return self ? self->hear(delivery) : done();
    });
    if (standing_.pause && standing_.pause->until != Time::max()) wake_worker_at(standing_.pause->until);
    wake_worker(); // dead letters that somebody wants to be handled again, and messages that are still to be published
    return done();
}

void Subscriber::stop()
{
    std::shared_ptr<EventSubscription> following;
    std::unique_ptr<Executor> thread;
    {
        const std::lock_guard lock{mutex_};
        if (not is_running_) return;
        is_running_ = false;
        stopping_.request_stop();
        following = std::move(following_);
        thread    = std::move(thread_);
    }
    following.reset(); // without the lock: both wait for what runs
    thread.reset();
    keep_now();
    const std::lock_guard lock{mutex_};
    inbox_.clear();
    inbox_events_ = 0;
    inbox_bytes_  = 0;
    is_held_      = false;
    is_working_   = false;
    keeps_soon_   = false;
    one_by_one_   = 0;
}

// On the executor. The bus has looked at types already; nothing is decoded here.
result<void> Subscriber::hear(const Delivery& delivery)
{
    Batch batch{{}, delivery.position};
    for (const RecordedEvent& event : delivery.events) {
        if (const auto* handler = scope_.find(event)) batch.items.push_back({event, handler});
    }
    const std::lock_guard lock{mutex_};
    if (not is_running_) return done();
    if (topic_log_) find_lost(delivery);
    if (batch.items.empty() && inbox_.empty() && not is_working_ && not is_stopped_) {
        position_ = std::max(position_, delivery.position);
        wake_worker();
        runtime_.executor.wake();
        return done();
    }
    for (const Item& item : batch.items) count_in(item);
    if (batch.items.empty() && not inbox_.empty()) {
        inbox_.back().reached = delivery.position;
    } else {
        inbox_.push_back(std::move(batch));
    }
    if ((inbox_events_ >= inbox_events_max || inbox_bytes_ >= inbox_bytes_max) && not is_held_) {
        is_held_ = true;
        following_->hold();
    }
    wake_worker();
    return done();
}

void Subscriber::find_lost(const Delivery& delivery)
{
    for (const RecordedEvent& message : delivery.events) {
        lose(heard_up_to_ + 1, message.position - 1);
        heard_up_to_ = message.position;
    }
    lose(heard_up_to_ + 1, delivery.position);
    heard_up_to_ = std::max(heard_up_to_, delivery.position);
}

void Subscriber::lose(Position first, Position last)
{
    first = std::max(first, standing_.lost_up_to + 1); // counted before a restart
    if (first > last) return;
    lost_.emplace_back(first, last);
    write_to(runtime_.log, LogLevel::warning, "subscription-lost-messages",
             {{"subscription", name()},
              {"topic", scope_.topic()},
              {"from", first},
              {"to", last},
              {"messages", last - first + 1}});
}

bool Subscriber::is_settled() const
{
    const std::lock_guard lock{mutex_};
    if (not is_running_ || is_stopped_ || (following_ && following_->error())) return true;
    if (is_working_) return false;
    const Time now = runtime_.clock.now();
    if (is_paused(now)) return true;
    if (next_attempt_ && *next_attempt_ > now) return not standing_.next_retry();
    return position_ >= heard().head() && not has_work(now);
}

// With mutex_.
bool Subscriber::is_paused(Time now) const
{
    return standing_.pause && standing_.pause->until > now;
}

bool Subscriber::has_work(Time now) const
{
    if (not is_running_ || is_stopped_ || is_paused(now)) return false;
    if (standing_.next_retry() || not lost_.empty() || not standing_.outgoing.empty()) return true;
    if (next_attempt_ && *next_attempt_ > now) return false;
    return not inbox_.empty();
}

void Subscriber::wake_worker()
{
    if (not is_running_ || is_working_ || thread_ == nullptr || not has_work(runtime_.clock.now())) return;
    is_working_ = true;
    thread_->post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->work();
    });
}

void Subscriber::wake_worker_at(Time time)
{
    if (thread_ == nullptr) return;
    thread_->post_at(time, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (not self) return;
        const std::lock_guard lock{self->mutex_};
        self->wake_worker();
    });
}

void Subscriber::count_in(const Item& item)
{
    ++inbox_events_;
    inbox_bytes_ += item.event.data.size();
}

void Subscriber::count_out(const Item& item)
{
    --inbox_events_;
    inbox_bytes_ -= item.event.data.size();
}

void Subscriber::forget_failure()
{
    attempts_ = 0;
    at_.reset();
    first_attempt_ = Time{};
    next_attempt_.reset();
    error_.reset();
}

} // namespace eventloom::subscriptions
