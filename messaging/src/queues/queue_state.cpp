#include "queue_state.hpp"

#include <eventloom/framework/number_text.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace eventloom::queues {

namespace {

// So often it is the turn of the job that waits longest.
constexpr std::uint64_t fair_turn = 10;
// When it is looked at again whether somebody knows the type of a job, or whether its key is free.
constexpr Duration soon  = std::chrono::seconds{1};
constexpr Duration later = std::chrono::minutes{1};
// Passed over in one go.
constexpr std::size_t most_aside = 1'024;

} // namespace

QueueState::QueueState(QueueDefinition of)
    : definition{std::move(of)}, free_workers{definition.options.workers}, rate_{definition.options.per_second}
{
}

void QueueState::limit(const QueueLimits& to)
{
    if (to == limits_) return;
    limits_ = to;
    rate_   = RateLimit{to.per_second.value_or(definition.options.per_second)};
}

bool QueueState::knows(std::string_view type) const
{
    return detail::find_event_type(definition.jobs.types(), type) != nullptr;
}

bool QueueState::has_key_limits() const
{
    const QueueOptions& options = definition.options;
    return options.in_order_per_key || options.at_once_per_key > 0 || options.per_second_per_key > 0;
}

QueueState::Why QueueState::state(Time now, Where where)
{
    const QueueOptions& options = definition.options;
    if (paused_until > now) return Why::paused;
    if (where == Where::here && options.workers - free_workers >= workers()) return Why::workers;
    if (options.at_once > 0 && in_work_ >= options.at_once) return Why::at_once;
    if (in_work_ >= most_being_recorded + options.workers) return Why::being_recorded;
    if (not rate_.may_begin(now)) return Why::rate;
    return Why::begins;
}

std::string QueueState::why_nothing_begins(Time now, Where where)
{
    const QueueOptions& options = definition.options;
    switch (state(now, where)) {
    case Why::paused:
        return "the queue is paused";
    case Why::workers:
        return fmt::format("all of the {} workers are busy", workers());
    case Why::at_once:
        return fmt::format("{} of {} jobs are in work", in_work_, options.at_once);
    case Why::being_recorded:
        return fmt::format("the ends of {} jobs are being recorded", in_work_);
    case Why::rate:
        return fmt::format("{} a second have begun; the next one may at {}",
                           number_text(limits_.per_second.value_or(options.per_second)), to_string(rate_.next(now)));
    default:
        return {};
    }
}

// Nothing: a higher one is still being read, or all are empty.
std::optional<std::uint32_t> QueueState::next_priority()
{
    const bool is_fair = begun_ % fair_turn == fair_turn - 1;
    std::optional<std::uint32_t> chosen;
    for (std::uint32_t priority = priorities; priority-- > 0;) {
        const auto& window = windows_[priority];
        if (window.empty() && not window.is_whole()) return std::nullopt;
        if (window.empty()) continue;
        if (not chosen || window.first().first < windows_[*chosen].first().first) chosen = priority;
        if (not is_fair) return chosen;
    }
    return chosen;
}

bool QueueState::takes_batches(std::string_view type) const
{
    const auto& batched = definition.handler.batched;
    return std::find(batched.begin(), batched.end(), type) != batched.end();
}

QueueState::Choice QueueState::choose(Time now, Where where, const std::string* type)
{
    for (;;) {
        const Why why = state(now, where);
        if (why == Why::paused) return {why, std::nullopt, paused_until};
        if (why == Why::rate) return {why, std::nullopt, rate_.next(now)};
        if (why != Why::begins) return {why, std::nullopt};
        if (aside_.held.size() + aside_.delayed.size() >= most_aside) return {Why::being_read, std::nullopt};
        const auto priority = next_priority();
        if (not priority) {
            const bool is_whole =
                std::all_of(windows_.begin(), windows_.end(), [](const auto& window) { return window.is_whole(); });
            return {is_whole ? Why::empty : Why::being_read, std::nullopt};
        }
        auto& window        = windows_[*priority];
        const ReadyJob next = window.first().second;
        if (type != nullptr && next.type != *type) return {Why::empty, std::nullopt};
        window.remove(window.first().first);
        if (not passes(next, now)) continue;
        begin(next.key, now, where);
        return {Why::begins, next};
    }
}

// Whether its key lets it begin; else it is put aside.
bool QueueState::passes(const ReadyJob& job, Time now)
{
    if (not knows(job.type)) {
        aside_.delayed.emplace_back(job.id, now + later);
        return false;
    }
    if (job.key.empty() || not has_key_limits()) return true;
    const QueueOptions& options = definition.options;
    auto& key = keys_.try_emplace(job.key, KeyState{0, RateLimit{options.per_second_per_key}}).first->second;
    if (options.in_order_per_key && key.in_work > 0) { // of one whose time is over, and that has not returned
        aside_.delayed.emplace_back(job.id, now + soon);
        return false;
    }
    if (options.at_once_per_key > 0 && key.in_work >= options.at_once_per_key) {
        aside_.held.push_back(job.id);
        return false;
    }
    if (key.rate.may_begin(now)) return true;
    aside_.delayed.emplace_back(job.id, key.rate.next(now));
    return false;
}

void QueueState::begin(const std::string& job_key, Time now, Where where)
{
    if (where == Where::here) --free_workers;
    ++in_work_;
    ++begun_;
    rate_.begin(now);
    if (job_key.empty() || not has_key_limits()) return;
    auto& key = keys_.try_emplace(job_key, KeyState{0, RateLimit{definition.options.per_second_per_key}}).first->second;
    ++key.in_work;
    key.rate.begin(now);
    // Keys whose second is over are forgotten, now and then.
    if (begun_ % 1'024 == 0) {
        std::erase_if(keys_, [&](const auto& one) { return one.second.in_work == 0 && one.second.rate.is_idle(now); });
    }
}

bool QueueState::let_go(const std::string& key, Time now)
{
    --in_work_;
    const auto found = keys_.find(key);
    if (key.empty() || found == keys_.end()) return false;
    --found->second.in_work;
    if (found->second.in_work == 0 && found->second.rate.is_idle(now)) keys_.erase(found);
    return lets_only_so_many_run();
}

bool QueueState::has_room_for(const std::string& key) const
{
    return not lets_only_so_many_run() || in_work(key) < definition.options.at_once_per_key;
}

std::size_t QueueState::in_work(const std::string& key) const
{
    const auto found = keys_.find(key);
    return found == keys_.end() ? 0 : found->second.in_work;
}

QueueState::Aside QueueState::take_aside()
{
    return std::exchange(aside_, {});
}

bool QueueState::wants_more() const
{
    return std::any_of(windows_.begin(), windows_.end(), [](const auto& window) { return window.wants_more(); });
}

bool QueueState::is_empty() const
{
    return not is_read && aside_.empty() && std::all_of(windows_.begin(), windows_.end(), [](const auto& window) {
        return window.empty() && window.is_whole();
    });
}

void QueueState::forget()
{
    for (auto& window : windows_) window.clear();
    keys_.clear();
    aside_       = {};
    in_work_     = 0;
    free_workers = definition.options.workers;
    is_read      = false;
    looks_again.reset();
}

} // namespace eventloom::queues
