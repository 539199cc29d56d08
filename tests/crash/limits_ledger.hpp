// What may begin of a queue, as a plain model: which jobs are in somebody's hands, and what has begun in the last second.
//
//     LimitsLedger ledger;
//     ledger.limits = {.per_second = 4, .at_once_per_key = 2};
//     CHECK(ledger.begin(job, "ada", simulated.now()) == "");
//     ledger.end(job);
//
// Threads: one.
#pragma once

#include <eventloom/framework/id.hpp>
#include <eventloom/messaging/detail/queue_options.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace eventloom::testing {

class LimitsLedger {
public:
    QueueOptions limits; // whole numbers a second

    // Empty, or the limit that is broken. Somebody has the job until then, if it does not end before.
    std::string begin(const Uuid& job, const std::string& key, Time now, Time until = Time::max())
    {
        const auto others = std::count_if(in_hand_.begin(), in_hand_.end(), [&](const auto& one) {
            return not key.empty() && one.second.key == key && one.first != job && now < one.second.until;
        });
        const auto held   = in_hand_.find(job);
        if (held != in_hand_.end() && now < held->second.until) return "is given to a second worker while one has it";
        in_hand_[job] = {key, until};
        all_.push_back(now);
        if (not key.empty()) of_keys_[key].push_back(now);
        if (limits.in_order_per_key && others > 0) return "begins while another job of its key is in work";
        if (limits.at_once_per_key > 0 && static_cast<std::size_t>(others) >= limits.at_once_per_key)
            return "is one more of its key at a time than may be";
        if (has_too_many(all_, limits.per_second)) return "is one more a second than may begin";
        if (not key.empty() && has_too_many(of_keys_[key], limits.per_second_per_key))
            return "is one more of its key a second than may begin";
        return {};
    }
    void extend(const Uuid& job, Time until)
    {
        if (const auto held = in_hand_.find(job); held != in_hand_.end()) held->second.until = until;
    }
    void end(const Uuid& job) { in_hand_.erase(job); }
    bool has(const Uuid& job, Time now) const
    {
        const auto held = in_hand_.find(job);
        return held != in_hand_.end() && now < held->second.until;
    }
    // A second begins anew.
    void restart()
    {
        all_.clear();
        of_keys_.clear();
    }

private:
    struct InHand {
        std::string key;
        Time until{};
    };
    static bool has_too_many(const std::vector<Time>& begun, double per_second)
    {
        const auto most = static_cast<std::size_t>(per_second);
        if (most == 0 || begun.size() <= most) return false;
        return begun.back() - begun[begun.size() - 1 - most] < std::chrono::seconds{1};
    }

    std::map<Uuid, InHand> in_hand_;
    std::vector<Time> all_;
    std::map<std::string, std::vector<Time>> of_keys_;
};

} // namespace eventloom::testing
