// How many jobs may begin: so many in any second, so many at once.
//
//     if (rate.may_begin(now)) rate.begin(now);
//     else wait_until(rate.next(now));
//
// A whole number may begin at once, and as many a second later; others keep their distance. Threads: one at a time.
#pragma once

#include <eventloom/framework/time.hpp>

#include <cstddef>
#include <deque>

namespace eventloom::queues {

class RateLimit {
public:
    explicit RateLimit(double per_second = 0); // 0, or what is no number: no limit

    bool has_limit() const { return burst_ != 0; }
    bool may_begin(Time now);
    void begin(Time now);
    Time next(Time now);          // when one more may begin
    bool is_idle(Time now) const; // nothing that has begun counts any more

private:
    void forget_before(Time now);

    std::size_t burst_ = 0; // how many may begin in a window
    Duration window_{};
    std::deque<Time> begun_;
};

} // namespace eventloom::queues
