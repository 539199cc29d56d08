// What a consumer group's members have done, and whether it is what was promised.
//
//     ledger.handed_over("one", event);
//     ledger.acknowledged(event);
//     CHECK(ledger.broken() == "");
//
// Threads: any.
#pragma once

#include <eventloom/framework/detail/recorded_event.hpp>

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace eventloom::testing {

class GroupLedger {
public:
    void handed_over(const std::string& member, const RecordedEvent& event)
    {
        const std::lock_guard lock{mutex_};
        ++times_[event.position];
        by_[member].push_back(event.position);
        // In order: an event first comes after the event before it has come; and what is acknowledged does not come again.
        auto& next = next_[event.stream];
        if (event.version > next) note(event, "came before the event in front of it");
        if (event.version == next) ++next;
        if (acknowledged_.contains(event.position)) note(event, "came again although it was acknowledged");
    }

    void acknowledged(const RecordedEvent& event)
    {
        const std::lock_guard lock{mutex_};
        auto& done = done_[event.stream];
        if (event.version > done) note(event, "was acknowledged before the event in front of it");
        if (event.version == done) ++done;
        acknowledged_.insert(event.position);
    }

    // The machine stopped: what is not known to be written may come again, from any place of a stream.
    void forget_all_but(const std::set<Position>& written)
    {
        const std::lock_guard lock{mutex_};
        acknowledged_ = written;
    }

    // The first broken promise; empty when there is none.
    std::string broken() const
    {
        const std::lock_guard lock{mutex_};
        return broken_;
    }
    std::set<Position> acknowledged() const
    {
        const std::lock_guard lock{mutex_};
        return acknowledged_;
    }
    std::size_t handled() const
    {
        const std::lock_guard lock{mutex_};
        return times_.size();
    }
    int times(Position position) const
    {
        const std::lock_guard lock{mutex_};
        const auto found = times_.find(position);
        return found == times_.end() ? 0 : found->second;
    }
    std::vector<Position> of(const std::string& member) const
    {
        const std::lock_guard lock{mutex_};
        const auto found = by_.find(member);
        return found == by_.end() ? std::vector<Position>{} : found->second;
    }
    // Every position from 1 to `last` this often.
    bool each_is_handled(Position last, int times) const
    {
        const std::lock_guard lock{mutex_};
        if (times_.size() != last) return false;
        for (const auto& [position, count] : times_) {
            if (count != times || position > last) return false;
        }
        return true;
    }

private:
    void note(const RecordedEvent& event, const std::string& what)
    {
        if (broken_.empty()) broken_ = event.stream + " version " + std::to_string(event.version) + " " + what;
    }

    mutable std::mutex mutex_;
    std::map<Position, int> times_;
    std::map<std::string, std::vector<Position>> by_;
    std::map<std::string, Version> next_; // of a stream: the first version that was not handed over
    std::map<std::string, Version> done_; // and that was not acknowledged
    std::set<Position> acknowledged_;
    std::string broken_;
};

} // namespace eventloom::testing
