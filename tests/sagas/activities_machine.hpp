// A provider in virtual time, and the callers of its activity.
#pragma once

#include "activities/activities.hpp"

#include "support/kept_log.hpp"

#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

namespace activities_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

using Numbers = std::vector<int>;
using Words   = std::vector<std::string>;

// Types of requests; each is made of a Charge.
// clang-format off
struct Charge { int number = 0; };
struct Refund {};
struct Query  {};
// clang-format on

constexpr auto eighty_years = std::chrono::days{365 * 80};

inline int number_of(const void* request)
{
    return static_cast<const Charge*>(request)->number;
}
inline AnyAnswer slip(int number)
{
    return std::make_shared<const int>(number);
}
inline result<AnyAnswer> provider_is_down(int /*number*/)
{
    return Error{Failure::unavailable, "down", "The provider is down."};
}
inline result<AnyAnswer> provider_answers(int number)
{
    return slip(number);
}

// The other side: answers at once, or keeps what it has to answer.
struct Provider {
    std::function<result<AnyAnswer>(int)> answers; // empty: later
    bool is_silent = false;                        // later, whatever `answers` is
    Numbers asked;
    std::vector<Time> times;
    std::map<int, std::vector<AnyDone>> open;

    void answer(int number, const result<AnyAnswer>& given, std::size_t attempt = 0)
    {
        open.at(number).at(attempt)(given);
    }
};

struct Machine {
    explicit Machine(ActivityOptions options = {}, unsigned threads = 16, std::uint64_t seed = 1)
        : simulated{seed}, activities{runtime, threads}
    {
        REQUIRE(activities.add(typeid(Charge), "Charge", activity(), options));
    }

    SimulatedExecutor simulated;
    KeptLog log;
    Runtime runtime{simulated, simulated, simulated, system_files(), &log};
    Provider provider;
    std::map<int, std::shared_ptr<CallHandle>> handles;
    std::map<int, int> asked;  // how often a caller was told that its call is made
    std::map<int, Words> told; // to a caller: "done", or the code of an error; "late" before it
    Activities activities;

    AnyActivity activity()
    {
        return [this](const void* request, const ActivityRun&, const AnyDone& done) {
            const int number = number_of(request);
            provider.asked.push_back(number);
            provider.times.push_back(simulated.now());
            if (provider.answers && not provider.is_silent) return done(provider.answers(number));
            provider.open[number].push_back(done);
        };
    }

    template <class Request = Charge>
    void call(int number)
    {
        const auto answered = [this, number](const result<AnyAnswer>& answer, bool late) {
            told[number].push_back((late ? "late " : "") + (answer ? "done" : answer.error().code));
        };
        handles[number] = activities.call({.type     = typeid(Request),
                                           .request  = std::make_shared<const Charge>(Charge{number}),
                                           .key      = simulated.next(),
                                           .asked    = [this, number] { ++asked[number]; },
                                           .answered = answered});
    }
    void call_all(int first, int last)
    {
        for (int number = first; number <= last; ++number) call(number);
    }
    // One after the other, so that the order of what is asked does not depend on the seed.
    void call_in_order(int first, int last)
    {
        for (int number = first; number <= last; ++number) {
            call(number);
            run();
        }
    }
    void run() { simulated.run_until_idle(); }
    std::string why() const { return activities.waiting_for(typeid(Charge)); }
    ActivityState state() const { return activities.state().at(0); }
    std::size_t told_with(const std::string& word) const
    {
        return static_cast<std::size_t>(
            std::count_if(told.begin(), told.end(), [&](const auto& one) { return one.second == Words{word}; }));
    }
};

// The most calls that began in one second, whichever second it is.
inline std::size_t most_in_a_second(const std::vector<Time>& times)
{
    std::size_t most = 0;
    for (auto first = times.begin(); first != times.end(); ++first) {
        most = std::max(most, static_cast<std::size_t>(std::lower_bound(first, times.end(), *first + 1s) - first));
    }
    return most;
}

} // namespace activities_test
