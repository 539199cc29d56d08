#include <eventloom/messaging/subscriptions.hpp>

#include "subscriber.hpp"

#include <eventloom/framework/detail/ensure.hpp>

#include <fmt/core.h>

namespace eventloom {

void detail::add_effects(Effects& to, Effects&& more)
{
    std::move(more.streams.begin(), more.streams.end(), std::back_inserter(to.streams));
    std::move(more.jobs.begin(), more.jobs.end(), std::back_inserter(to.jobs));
    std::move(more.messages.begin(), more.messages.end(), std::back_inserter(to.messages));
}

struct Subscriptions::State {
    const Runtime runtime;
    EventStore& store;
    CommandBus& commands;
    EventBus& bus;
    const Queues& queues;
    Topics* const topics;
    std::vector<std::shared_ptr<subscriptions::Subscriber>> all;
    std::optional<Error> refused; // the first that was added in vain
    std::mutex starting;
    bool is_running = false;

    result<void> take_categories() const
    {
        BOOST_OUTCOME_TRY(
            commands.take_category("follower", typeid(subscriptions::FollowerFacts), "the subscriptions"));
        return commands.take_category("followed", typeid(subscriptions::FollowedFacts), "the subscriptions");
    }
};

Subscriptions::Subscriptions(const Runtime& runtime, EventStore& store, CommandBus& commands, EventBus& bus,
                             const Queues& queues, Topics* topics)
    : state_{new State{runtime, store, commands, bus, queues, topics, {}, {}, {}, false}}
{
}

Subscriptions::~Subscriptions()
{
    stop();
}

void Subscriptions::add_any(Promise kept, SubscriberOptions options, std::vector<detail::AnyHeardEvents> heard)
{
    ensure(not state_->is_running, "a subscription was added after start()");
    auto fits       = subscriptions::check_options(options, heard);
    const auto name = options.name;
    if (fits && find(name)) {
        fits = fail(
            Failure::invalid, "subscription-added-twice",
            fmt::format("added the subscription {} and found that it had been added before; each has a name of its own",
                        name));
    }
    if (not fits) {
        if (not state_->refused) state_->refused = std::move(fits.error());
        return;
    }
    state_->all.push_back(std::make_shared<subscriptions::Subscriber>(
        state_->runtime, state_->store, state_->bus, state_->queues, state_->topics,
        subscriptions::Definition{kept, std::move(options), std::move(heard)}));
}

result<void> Subscriptions::open()
{
    if (state_->refused) return *state_->refused;
    for (const auto& one : state_->all) {
        BOOST_OUTCOME_TRY(one->open());
    }
    return done();
}

result<void> Subscriptions::start()
{
    const std::lock_guard lock{state_->starting};
    if (state_->refused) return *state_->refused;
    if (state_->all.empty() || state_->is_running) return done();
    BOOST_OUTCOME_TRY(state_->take_categories());
    state_->is_running = true;
    for (const auto& one : state_->all) {
        auto begun = one->start();
        if (begun) continue;
        for (const auto& other : state_->all) other->stop();
        state_->is_running = false;
        return begun;
    }
    return done();
}

void Subscriptions::stop()
{
    const std::lock_guard lock{state_->starting};
    for (const auto& one : state_->all) one->stop();
    state_->is_running = false;
}

bool Subscriptions::settle(Time deadline)
{
    const auto is_settled = [this] {
        for (const auto& one : state_->all) {
            if (not one->is_settled()) return false;
        }
        return true;
    };
    return state_->runtime.executor.wait_until(is_settled, deadline);
}

result<subscriptions::Subscriber*> Subscriptions::find(std::string_view name) const
{
    std::string names;
    for (const auto& one : state_->all) {
        if (one->name() == name) return one.get();
        names += (names.empty() ? "" : ", ") + one->name();
    }
    return fail(Failure::invalid, "no-such-subscription",
                fmt::format("asked for the subscription {} and found {}", name,
                            names.empty() ? "that the program has none" : "only: " + names));
}

std::vector<SubscriptionStatus> Subscriptions::status() const
{
    std::vector<SubscriptionStatus> all;
    for (const auto& one : state_->all) all.push_back(one->status());
    return all;
}

result<SubscriptionStatus> Subscriptions::status(std::string_view name) const
{
    BOOST_OUTCOME_TRY(const auto* one, find(name));
    return one->status();
}

result<const EventStore*> Subscriptions::heard_by(std::string_view name) const
{
    BOOST_OUTCOME_TRY(auto* const one, find(name));
    BOOST_OUTCOME_TRY(one->open());
    return &one->heard();
}

std::vector<Error> Subscriptions::faults() const
{
    std::vector<Error> faults;
    for (const auto& one : state_->all) {
        if (auto fault = one->fault()) faults.push_back(std::move(*fault));
    }
    return faults;
}

result<std::vector<SubscriptionLetter>> Subscriptions::dead_letters(std::string_view name) const
{
    BOOST_OUTCOME_TRY(const auto* one, find(name));
    return one->letters();
}

result<void> Subscriptions::pause(std::string_view name, std::string_view because, Time until)
{
    BOOST_OUTCOME_TRY(auto* one, find(name));
    return one->pause(std::string{because}, until);
}

result<void> Subscriptions::resume(std::string_view name, std::string_view because)
{
    BOOST_OUTCOME_TRY(auto* one, find(name));
    return one->resume(std::string{because});
}

result<void> Subscriptions::skip(std::string_view name, Position event, std::string_view because)
{
    BOOST_OUTCOME_TRY(auto* one, find(name));
    return one->skip(event, std::string{because});
}

result<void> Subscriptions::retry(std::string_view name, Position event, std::string_view because)
{
    BOOST_OUTCOME_TRY(auto* one, find(name));
    return one->retry(event, std::string{because});
}

result<void> Subscriptions::discard(std::string_view name, Position event, std::string_view because)
{
    BOOST_OUTCOME_TRY(auto* one, find(name));
    return one->discard(event, std::string{because});
}

result<void> Subscriptions::edit(std::string_view name, Position event, std::uint32_t schema_version, std::string data,
                                 std::string_view because)
{
    BOOST_OUTCOME_TRY(auto* one, find(name));
    return one->edit(event, schema_version, std::move(data), std::string{because});
}

} // namespace eventloom
