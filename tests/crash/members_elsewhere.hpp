// Members of a consumer group in other processes, as a plain model: what they hold, how long by their own clock, and what they were
// told. They go on when the power of the group goes, and notice when a promise is broken.
//
//     MembersElsewhere members{simulated};
//     members.finished = ...;
//     members.pull(group, "host/1");
//     members.extend(group, "host/1", 1);          // the first event is handled
//     members.finish(group, "host/1", {.handled = 2});
//     members.come_back(group);                     // after a restart: each asks again, or says that it lives
//     CHECK(members.broken() == "");
//
// Threads: one.
#pragma once

#include "support/group_ledger.hpp"

#include <eventloom/framework/runtime.hpp>
#include <eventloom/messaging/consumer_groups.hpp>

#include <functional>

namespace eventloom::testing {

class MembersElsewhere {
public:
    static constexpr std::chrono::seconds lease{10};

    explicit MembersElsewhere(SimulatedExecutor& simulated) : simulated_{simulated} {}

    // An event is given to a member, and the group has said that it is handled: told that it is on the disk, or not.
    std::function<void(const std::string& member, const RecordedEvent&)> given;
    std::function<void(const RecordedEvent&)> handled;
    std::function<void(const RecordedEvent&)> finished;

    // What it was given before goes to others, as far as it knows.
    void pull(ConsumerGroup& group, const std::string& name)
    {
        auto& member   = members_.try_emplace(name, Member{simulated_.next(), {}}).first->second;
        member.held    = {};
        const Time now = simulated_.now();
        group.pull({.group = "mail", .member = name, .id = member.id, .lease = lease, .until = now + short_while},
                   [this, name, now](const result<LeasedEvents>& leased) {
                       if (not leased || leased.value().events.empty()) return;
                       for (const auto& event : leased.value().events) take_notice(name, event, leased.value().lease);
                       members_.at(name).held = Held{leased.value(), now + lease, 0, {}};
                   });
        simulated_.advance(2 * short_while);
    }

    // With how many of its events are handled; never all of them, for that is the end of the batch.
    void extend(ConsumerGroup& group, const std::string& name, std::size_t done)
    {
        auto* held = held_by(name);
        if (held == nullptr || held->asked) return;
        done           = std::max(held->done, std::min(done, held->batch.events.size() - 1));
        const Time now = simulated_.now();
        if (not group.extend({held->batch.lease, ReportedProgress{done, held->batch.events.size(), {}}})) {
            if (now < held->until) note(name + " lost its batch although its lease has not ended");
            members_.at(name).held = {};
            return;
        }
        for (std::size_t i = held->done; i < done; ++i) handled(held->batch.events[i]);
        held->done  = done;
        held->until = now + lease;
    }

    void finish(ConsumerGroup& group, const std::string& name, EndedBatch ended)
    {
        auto* held = held_by(name);
        if (held == nullptr || held->asked) return;
        ended.handled = std::max(held->done, std::min(ended.handled, held->batch.events.size()));
        if (ended.handled == held->batch.events.size()) ended.failed.reset();
        held->asked = std::move(ended);
        ask(group, name);
    }

    // It asks again where it was told nothing. Who holds a batch says that it lives, and has it still.
    void come_back(ConsumerGroup& group)
    {
        for (const auto& [name, member] : members_) {
            if (member.held && member.held->asked) ask(group, name);
        }
        for (const auto& [name, member] : members_) extend(group, name, 0);
    }

    // Those who hold a batch, or were told nothing of its end.
    std::vector<std::string> holders() const
    {
        std::vector<std::string> names;
        for (const auto& [name, member] : members_) {
            if (member.held) names.push_back(name);
        }
        return names;
    }

    // Somebody has an event from now on, here or elsewhere.
    void take_notice(const std::string& name, const RecordedEvent& event, const Lease& lease_of = {})
    {
        if (finished_.contains(event.position)) note(name + " was given what has been finished", event);
        for (const auto& [other, member] : members_) {
            if (other != name && holds(member, event.position)) note(name + " was given what " + other + " has", event);
        }
        holder_[event.position] = lease_of;
        given(name, event);
    }

    std::size_t told() const { return finished_.size(); }
    std::size_t refused() const { return refused_; }
    std::size_t asked_twice() const { return asked_twice_; }
    const std::string& broken() const { return broken_; }

private:
    static constexpr std::chrono::milliseconds short_while{1};

    struct Held {
        LeasedEvents batch;
        Time until; // by its own clock, from its own last question on
        std::size_t done = 0;
        std::optional<EndedBatch> asked; // it has nothing in its hands any more
    };
    struct Member {
        Uuid id;
        std::optional<Held> held;
    };

    Held* held_by(const std::string& name)
    {
        const auto found = members_.find(name);
        return found == members_.end() || not found->second.held ? nullptr : &*found->second.held;
    }

    bool holds(const Member& member, Position position) const
    {
        if (not member.held || member.held->asked || simulated_.now() >= member.held->until) return false;
        const auto& events = member.held->batch.events;
        for (std::size_t i = member.held->done; i < events.size(); ++i) {
            if (events[i].position == position) return true;
        }
        return false;
    }

    void ask(ConsumerGroup& group, const std::string& name)
    {
        const Held held = *held_by(name);
        if (not asked_.insert(held.batch.lease).second) ++asked_twice_;
        group.finish(held.batch.lease, *held.asked, [this, name, held](const result<void>& answer) {
            const bool is_to_ask_again = not answer && answer.error().kind != Failure::conflict;
            if (is_to_ask_again) return;
            if (answer) is_told(name, held);
            if (not answer) {
                ++refused_;
                // Who has left is nobody any more: when it asks again, it is told so, whether its end was written or not.
                if (simulated_.now() < held.until && not held.asked->leaves) {
                    note(name + " was refused although its lease has not ended");
                }
            }
            if (auto* now = held_by(name); now != nullptr && now->batch.lease == held.batch.lease) {
                members_.at(name).held = {};
            }
        });
        simulated_.advance(2 * short_while);
    }

    void is_told(const std::string& name, const Held& held)
    {
        for (std::size_t i = 0; i < held.asked->handled; ++i) {
            const auto& event = held.batch.events[i];
            if (holder_[event.position] != held.batch.lease) note(name + " finished what others have since", event);
            if (not finished_.insert(event.position).second) note(name + " finished what was finished", event);
            finished(event);
        }
    }

    void note(const std::string& what)
    {
        if (broken_.empty()) broken_ = what;
    }
    void note(const std::string& what, const RecordedEvent& event)
    {
        note(what + ": " + event.stream + " version " + std::to_string(event.version));
    }

    SimulatedExecutor& simulated_;
    std::map<std::string, Member> members_;
    std::map<Position, Lease> holder_; // who was given it last
    std::set<Position> finished_;      // a member was told so
    std::set<Lease> asked_;
    std::size_t refused_     = 0;
    std::size_t asked_twice_ = 0;
    std::string broken_;
};

} // namespace eventloom::testing
