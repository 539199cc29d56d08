// The moments at which jobs recur.
#include "support/answers.hpp"

#include "queues/occurrences.hpp"

#include <eventloom/framework/time.hpp>

namespace occurrences_test {

using namespace eventloom;
using namespace eventloom::queues;
using namespace eventloom::testing;
using namespace std::chrono_literals;

Occurrences moments_of(const Recurrence& when)
{
    auto moments = Occurrences::of(when);
    REQUIRE(moments);
    return std::move(moments.value());
}

std::string text_of(const std::optional<Time>& time)
{
    return time ? to_string(*time).substr(0, 16) : "none";
}

// The next ones, one after the other.
std::vector<std::string> next_of(const Recurrence& when, std::string_view after, int count)
{
    const auto moments = moments_of(when);
    std::vector<std::string> found;
    auto moment = parse_time(after);
    REQUIRE(moment);
    for (int i = 0; i < count && moment; ++i) {
        const auto next = moments.after(*moment);
        // What comes after a moment is the last one until then, and until just before the one after it.
        if (next) CHECK(moments.until(*next) == next);
        if (next) CHECK(moments.until(*next - 1us) < next);
        moment = next;
        found.push_back(text_of(moment));
    }
    return found;
}

using Words = std::vector<std::string>;

TEST_CASE("the fields of cron say at which moments a job recurs", "[messaging][queues]")
{
    CHECK(next_of(cron("30 7 * * mon"), "2024-02-27T00:00:00Z", 2) == Words{"2024-03-04T07:30", "2024-03-11T07:30"});
    CHECK(next_of(cron("*/20 9-10 * * 1-5"), "2024-03-01T09:50:00Z", 4) ==
          Words{"2024-03-01T10:00", "2024-03-01T10:20", "2024-03-01T10:40", "2024-03-04T09:00"});
    CHECK(next_of(cron("0 0 29 feb *"), "2024-03-01T00:00:00Z", 2) == Words{"2028-02-29T00:00", "2032-02-29T00:00"});
    CHECK(next_of(cron("0 12 1,15 JAN,jul *"), "2024-01-02T00:00:00Z", 3) ==
          Words{"2024-01-15T12:00", "2024-07-01T12:00", "2024-07-15T12:00"});
    // A day of the month or of the week.
    CHECK(next_of(cron("0 0 13 * fri"), "2024-09-01T00:00:00Z", 3) ==
          Words{"2024-09-06T00:00", "2024-09-13T00:00", "2024-09-20T00:00"});
    CHECK(next_of(cron("0 0 * * 7"), "2024-09-02T00:00:00Z", 1) == Words{"2024-09-08T00:00"});
    CHECK(next_of(cron("0 0 * * 0"), "2024-09-02T00:00:00Z", 1) == Words{"2024-09-08T00:00"});
    CHECK(next_of(cron("0 0 30 2 *"), "2024-09-02T00:00:00Z", 1) == Words{"none"});
}

TEST_CASE("where clocks go forward and back, a job recurs once a day, and once in each hour", "[messaging][queues]")
{
    // In Berlin it is 3:00 after 1:59:59 on 31 March 2024, which is 1:00 UTC; and 2:00 again after 2:59:59 on 27 October.
    CHECK(next_of(cron("30 2 * * *", "Europe/Berlin"), "2024-03-30T02:00:00Z", 2) ==
          Words{"2024-03-31T01:00", "2024-04-01T00:30"});
    CHECK(next_of(cron("30 2 * * *", "Europe/Berlin"), "2024-10-26T12:00:00Z", 2) ==
          Words{"2024-10-27T00:30", "2024-10-28T01:30"});
    CHECK(next_of(cron("30 * * * *", "Europe/Berlin"), "2024-03-31T00:00:00Z", 3) ==
          Words{"2024-03-31T00:30", "2024-03-31T01:30", "2024-03-31T02:30"});
    CHECK(next_of(cron("30 * * * *", "Europe/Berlin"), "2024-10-27T00:00:00Z", 3) ==
          Words{"2024-10-27T00:30", "2024-10-27T01:30", "2024-10-27T02:30"});
}

TEST_CASE("each period has its moments, wherever the counting begins", "[messaging][queues]")
{
    CHECK(next_of(every(1h), "2024-03-01T09:50:00Z", 2) == Words{"2024-03-01T10:00", "2024-03-01T11:00"});
    const auto from = parse_time("2024-03-01T09:05:00Z").value();
    CHECK(next_of(every(24h, from), "2024-02-01T00:00:00Z", 2) == Words{"2024-02-01T09:05", "2024-02-02T09:05"});
    CHECK(next_of(every(24h, from), "2024-05-01T10:00:00Z", 1) == Words{"2024-05-02T09:05"});
    CHECK(moments_of(every(90min)).text() == "every 5400 s");
    CHECK(moments_of(cron("0 2 * * *", "Europe/Berlin")).text() == "0 2 * * * in Europe/Berlin");
}

TEST_CASE("fields of cron that make no sense are refused with what they are", "[messaging][queues]")
{
    for (const std::string fields :
         {"* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8",
          "a * * * *", "*/0 * * * *", "5-1 * * * *", "1,,2 * * * *", "-1 * * * *", "1- * * * *", "* * * foo *",
          "1/ * * * *", "99999999999 * * * *"}) {
        INFO(fields);
        CHECK(code_of(Occurrences::of(cron(fields))) == "invalid-schedule");
    }
    CHECK(sentence_of(Occurrences::of(cron("0 24 * * *"))).find("\"24\" as the hour, which goes from 0 to 23") !=
          std::string::npos);
    CHECK(code_of(Occurrences::of(cron("0 2 * * *", "Europe/Atlantis"))) == "no-such-time-zone");
    CHECK(code_of(Occurrences::of(cron("0 2 * * *", ""))) == "no-such-time-zone");
    CHECK(code_of(Occurrences::of(every(1ms))) == "invalid-schedule");
    CHECK(code_of(Occurrences::of(every(-1h))) == "invalid-schedule");
    CHECK(code_of(Occurrences::of(cron(std::string(10'000, '*')))) == "invalid-schedule");
}

} // namespace occurrences_test
