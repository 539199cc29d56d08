// The timers that are in memory, beside a table that has all of them.
#include "engine/timers.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace timers_test {

using namespace eventloom;

namespace {

class Waiting {
public:
    explicit Waiting(std::uint64_t seed) : random_{seed} {}

    unsigned one_of(unsigned count) { return std::uniform_int_distribution<unsigned>{0, count - 1}(random_); }

    // As the engine: first the row, then the timer.
    void set_one()
    {
        const InstanceKey key{"work", std::to_string(one_of(60))};
        const Time due{Duration{now_ + 1 + one_of(30)}};
        table_[key] = due;
        timers_.set({key, due});
    }
    void remove_one()
    {
        const InstanceKey key{"work", std::to_string(one_of(60))};
        table_.erase(key);
        timers_.remove(key);
    }

    // All whose time has come are taken, in as many parts as it needs; each has no time in the table after that.
    void pass()
    {
        const Time now{Duration{++now_}};
        for (;;) {
            for (const auto& key : timers_.take_due(now)) {
                const auto known = table_.find(key);
                REQUIRE(known != table_.end());
                CHECK(known->second <= now);
                table_.erase(known);
            }
            const auto horizon = timers_.horizon();
            if (not horizon || horizon->first > now) break;
            read();
        }
        for (const auto& [key, due] : table_) CHECK(due > now);
        // Who sleeps until the next one sleeps past none.
        const auto first = std::min_element(table_.begin(), table_.end(),
                                            [](const auto& a, const auto& b) { return a.second < b.second; });
        if (first != table_.end()) CHECK(timers_.next().value() <= first->second);
    }

private:
    static constexpr std::size_t at_once = 4;

    void read()
    {
        const auto after = timers_.begin_reading();
        REQUIRE(after);
        CHECK_FALSE(timers_.begin_reading()); // one reads at a time
        std::set<DuePlace> all;
        for (const auto& [key, due] : table_) all.emplace(due, key);
        std::vector<DueInstance> next;
        for (auto place = *after ? all.upper_bound(**after) : all.begin(); place != all.end() && next.size() < at_once;
             ++place) {
            next.push_back({place->second, place->first});
        }
        // Another thread, after the table was read.
        if (one_of(2)) set_one();
        timers_.end_reading(next, next.size() == at_once);
    }

    std::mt19937_64 random_;
    std::map<InstanceKey, Time> table_;
    Timers timers_{6};
    Duration::rep now_ = 0;
};

} // namespace

TEST_CASE("each instance is taken when its time has come, though few are in memory and others are set meanwhile",
          "[sagas][timers]")
{
    Waiting waiting{GENERATE(range(1u, 51u))};
    for (int round = 0; round < 100; ++round) {
        for (unsigned i = waiting.one_of(6); i > 0; --i) {
            if (waiting.one_of(5) == 0) {
                waiting.remove_one();
            } else {
                waiting.set_one();
            }
        }
        waiting.pass();
    }
}

} // namespace timers_test
