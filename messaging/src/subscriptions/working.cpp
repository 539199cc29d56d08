// What is done on the subscription's own thread: handlers are called, and the position is kept before, after, or with what they
// answer.
#include "attempts.hpp"
#include "subscriber.hpp"

#include <eventloom/framework/detail/user_code.hpp>
#include <eventloom/framework/log.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

namespace eventloom::subscriptions {

namespace {

constexpr std::size_t events_of_a_turn_max = 1'000;
constexpr std::size_t inbox_events_few     = 1'000;
constexpr std::size_t inbox_bytes_few      = 8u << 20;

// What the handlers of several events answer, as one append, in which each stream stands once.
class Answers {
public:
    bool empty() const { return appends_.empty() && messages_.empty(); }
    // False, and nothing is added: one of them expects something of a stream that the others change.
    bool add(std::vector<StreamAppend>& more, std::vector<Outgoing>& messages)
    {
        const auto any = ExpectedVersion::any();
        for (const auto& one : more) {
            const auto found = places_.find(one.stream);
            if (found == places_.end()) continue;
            if (not(appends_[found->second].expected == any && one.expected == any)) return false;
        }
        for (auto& one : more) {
            const auto [place, is_new] = places_.emplace(one.stream, appends_.size());
            if (is_new) {
                appends_.push_back(std::move(one));
            } else {
                auto& events = appends_[place->second].events;
                std::move(one.events.begin(), one.events.end(), std::back_inserter(events));
            }
        }
        std::move(messages.begin(), messages.end(), std::back_inserter(messages_));
        return true;
    }
    std::vector<StreamAppend> take()
    {
        places_.clear();
        return std::exchange(appends_, {});
    }
    std::vector<Outgoing> take_messages() { return std::exchange(messages_, {}); }

private:
    std::vector<StreamAppend> appends_;
    std::vector<Outgoing> messages_;
    std::unordered_map<std::string, std::size_t> places_;
};

Error too_many(const RecordedEvent& event, std::size_t letters, const Error& error)
{
    return {
        Failure::refused, "too-many-dead-letters",
        fmt::format("gave up the event at position {} and found {} dead letters of the subscription already, so it has "
                    "stopped; remove the cause ({}), retry or discard them, and resume it",
                    event.position, letters, error.sentence)};
}

} // namespace

void Subscriber::work()
{
    note_lost();
    const auto published = publish_outgoing();
    Turn turn            = published && not has_stopped() ? take_turn() : Turn{};
    if (turn.letter) {
        handle_letter(*turn.letter);
    } else if (not turn.items.empty()) {
        switch (promise_) {
        case Promise::at_most_once:
            handle_at_most_once(turn);
            break;
        case Promise::at_least_once:
            handle_at_least_once(turn);
            break;
        case Promise::exactly_once:
            handle_exactly_once(turn);
            break;
        }
    }
    finish_turn(turn);
}

Subscriber::Turn Subscriber::take_turn()
{
    const std::lock_guard lock{mutex_};
    Turn turn;
    if (not has_work(runtime_.clock.now())) return turn;
    turn.letter = standing_.next_retry();
    if (turn.letter) return turn;
    auto most = std::min(at_once(), events_of_a_turn_max);
    if (one_by_one_ > 0) {
        --one_by_one_;
        most = 1;
    }
    while (not inbox_.empty() && turn.items.size() < most) {
        Batch& batch = inbox_.front();
        while (not batch.items.empty() && turn.items.size() < most) {
            count_out(batch.items.front());
            turn.items.push_back(std::move(batch.items.front()));
            batch.items.pop_front();
        }
        if (not batch.items.empty()) break;
        turn.reached = batch.reached;
        inbox_.pop_front();
    }
    if (is_held_ && inbox_events_ <= inbox_events_few && inbox_bytes_ <= inbox_bytes_few && following_) {
        is_held_ = false;
        following_->go_on();
    }
    return turn;
}

void Subscriber::finish_turn(const Turn& turn)
{
    bool keeps_at_once = false;
    {
        const std::lock_guard lock{mutex_};
        is_working_ = false;
        if (turn.reached && turn.items.empty()) position_ = std::max(position_, *turn.reached);
        if (unkept_ > 0 && not is_stopped_) {
            keeps_at_once = options_.keep_every.count() == 0 || unkept_ >= at_once();
            if (promise_ != Promise::at_least_once) keeps_at_once = options_.keep_every.count() == 0;
            if (not keeps_at_once && not keeps_soon_ && thread_ != nullptr) {
                keeps_soon_ = true;
                thread_->post_at(runtime_.clock.now() + options_.keep_every, [weak = weak_from_this()] {
                    if (const auto self = weak.lock()) self->keep_now();
                });
            }
        }
    }
    if (keeps_at_once) keep_now();
    {
        const std::lock_guard lock{mutex_};
        wake_worker();
    }
    runtime_.executor.wake();
}

// What is left of a turn goes first again.
void Subscriber::put_back(Turn& turn, std::size_t from)
{
    if (from >= turn.items.size()) return;
    const std::lock_guard lock{mutex_};
    Batch rest{{}, turn.reached.value_or(turn.items.back().event.position)};
    std::move(turn.items.begin() + static_cast<std::ptrdiff_t>(from), turn.items.end(), std::back_inserter(rest.items));
    turn.items.resize(from);
    turn.reached.reset();
    for (const Item& item : rest.items) count_in(item);
    inbox_.push_front(std::move(rest));
}

result<Effects> Subscriber::call(const Item& item, unsigned attempt)
{
    const Heard heard{item.event, key_of(item.event), attempt, stopping_.get_token()};
    return call_user_code("the handler of the subscription", name(), [&] { return item.handler->handle(heard); });
}

bool Subscriber::passes_over(Position event) const
{
    const std::lock_guard lock{mutex_};
    return standing_.skipped.contains(event);
}

void Subscriber::handled_up_to(Position position, std::size_t events, IsKept is_kept)
{
    if (events > 0) pace_.went_by(events, runtime_.clock.now());
    const std::lock_guard lock{mutex_};
    position_ = std::max(position_, position);
    if (is_kept == IsKept::no) unkept_ += events;
    std::erase_if(standing_.skipped, [&](Position skipped) { return skipped <= position; });
    forget_failure();
}

unsigned Subscriber::next_attempt_number() const
{
    const std::lock_guard lock{mutex_};
    return attempts_ + 1;
}

bool Subscriber::has_stopped() const
{
    const std::lock_guard lock{mutex_};
    return is_stopped_;
}

// From the moment when the position is durable the events count as handled, whatever becomes of the handler.
void Subscriber::handle_at_most_once(Turn& turn)
{
    const Position first = turn.items.front().event.position;
    const Position last  = turn.items.back().event.position;
    if (not keep(Reached{last, first, false})) return put_back(turn, 0);
    for (std::size_t i = 0; i < turn.items.size(); ++i) {
        const Item& item = turn.items[i];
        if (not is_running_) return put_back(turn, i); // these were not begun: stop() says so
        if (not passes_over(item.event.position)) {
            const auto answer  = call(item, 1);
            const bool goes_on = answer || gave_up(item, 1, answer.error());
            if (not goes_on) {
                handled_up_to(item.event.position, 1, IsKept::no);
                return put_back(turn, i + 1);
            }
        }
        handled_up_to(item.event.position, 1, IsKept::no);
    }
    if (turn.reached) handled_up_to(*turn.reached, 0, IsKept::no);
}

void Subscriber::handle_at_least_once(Turn& turn)
{
    for (std::size_t i = 0; i < turn.items.size(); ++i) {
        const Item& item = turn.items[i];
        if (not is_running_) return put_back(turn, i);
        if (not passes_over(item.event.position)) {
            const auto answer = call(item, next_attempt_number());
            if (not answer) return fault_at(turn, i, answer.error());
        }
        handled_up_to(item.event.position, 1, IsKept::no);
    }
    if (turn.reached) handled_up_to(*turn.reached, 0, IsKept::no);
}

void Subscriber::handle_exactly_once(Turn& turn)
{
    Answers all;
    std::size_t kept = 0; // of the items
    // What was answered so far is one append with the position after it.
    const auto keep_up_to = [&](std::size_t end) -> result<void> {
        if (end == kept) return done();
        const Position reached = turn.items[end - 1].event.position;
        const auto is_kept     = all.empty() ? IsKept::no : IsKept::yes;
        if (is_kept == IsKept::yes) {
            BOOST_OUTCOME_TRY(keep(Reached{reached, reached, true}, {all.take(), all.take_messages()}));
        }
        handled_up_to(reached, end - kept, is_kept);
        kept = end;
        return done();
    };
    const auto not_kept = [&](const Error& error) {
        const auto left = turn.items.size() - kept;
        if (not has_stopped() && left == 1) return fault_at(turn, kept, error);
        put_back(turn, kept);
        const std::lock_guard lock{mutex_};
        one_by_one_ = left;
    };
    for (std::size_t i = 0; i < turn.items.size(); ++i) {
        const Item& item = turn.items[i];
        if (passes_over(item.event.position)) continue;
        auto answer = call(item, i == kept ? next_attempt_number() : 1);
        auto effects =
            answer ? prepared(item.event, std::move(answer.value())) : result<Prepared>{std::move(answer.error())};
        if (not effects) {
            const auto before = keep_up_to(i);
            return before ? fault_at(turn, i, effects.error()) : not_kept(before.error());
        }
        auto& [appends, messages] = effects.value();
        if (all.add(appends, messages)) continue;
        if (const auto before = keep_up_to(i); not before) return not_kept(before.error());
        static_cast<void>(all.add(appends, messages)); // into an empty one
    }
    if (const auto whole = keep_up_to(turn.items.size()); not whole) return not_kept(whole.error());
    if (turn.reached) handled_up_to(*turn.reached, 0, IsKept::no);
}

void Subscriber::fault_at(Turn& turn, std::size_t at, const Error& error)
{
    const Item item = turn.items[at];
    const Time now  = runtime_.clock.now();
    unsigned attempt;
    {
        const std::lock_guard lock{mutex_};
        if (not at_ || *at_ != item.event.position) first_attempt_ = now;
        at_     = item.event.position;
        attempt = ++attempts_;
        error_  = error;
    }
    const bool goes_on = not attempts::is_final(error) && attempt < options_.attempts;
    if (goes_on) {
        put_back(turn, at);
        const auto wait =
            attempts::wait_before(key_of(item.event), attempt, {options_.first_wait, options_.longest_wait});
        const std::lock_guard lock{mutex_};
        next_attempt_ = now + wait;
        wake_worker_at(*next_attempt_);
        return;
    }
    if (options_.when_given_up == GivenUp::stop) {
        put_back(turn, at);
        return stop_for(error, IsFault::no);
    }
    if (not gave_up(item, attempt, error)) return put_back(turn, at);
    const auto reached = turn.reached;
    const bool is_last = at + 1 == turn.items.size();
    handled_up_to(item.event.position, 0, IsKept::yes);
    put_back(turn, at + 1);
    if (is_last && reached) handled_up_to(*reached, 0, IsKept::yes);
}

// The dead letter is one append with the position after it. False: the subscription has stopped.
bool Subscriber::gave_up(const Item& item, unsigned attempts, const Error& error)
{
    const Time now      = runtime_.clock.now();
    std::size_t letters = 0;
    Time first          = now;
    Reached reached;
    {
        const std::lock_guard lock{mutex_};
        letters = standing_.letters.size();
        if (at_ == item.event.position) first = first_attempt_;
        // At most once: those that were begun together count as handled, with this one.
        const Position position = std::max(position_, item.event.position);
        reached                 = promise_ == Promise::at_most_once ? last_kept_ : Reached{position, position, true};
    }
    if (letters >= options_.dead_letters_max) {
        stop_for(too_many(item.event, letters, error), IsFault::no);
        return false;
    }
    const FollowerFact fact = gave_up_fact(item.event, attempts, error, first, now);
    if (not keep(reached, {{append_of(fact)}, {}})) return false;
    {
        const std::lock_guard lock{mutex_};
        standing_.apply(fact);
    }
    write_to(runtime_.log, LogLevel::warning, "subscription-gave-up",
             {{"subscription", name()}, {"position", item.event.position}, {"stream", item.event.stream}}, error);
    if (promise_ != Promise::at_most_once || options_.when_given_up != GivenUp::stop) return true;
    stop_for(error, IsFault::no);
    return false;
}

} // namespace eventloom::subscriptions
