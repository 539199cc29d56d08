#include <eventloom/framework/time.hpp>

#include <catch2/catch.hpp>

namespace time_text_test {

using namespace eventloom;
using namespace std::chrono_literals;

constexpr Time day{std::chrono::sys_days{std::chrono::year{2011} / 12 / 9}};

TEST_CASE("a time is written so that it can be read again, and read as people write it", "[framework][time]")
{
    CHECK(to_string(day + 12h + 5min + 7s + 80us) == "2011-12-09T12:05:07.000080Z");
    for (const Time time : {day, day + 23h + 59min + 59s + 999'999us, Time{-1us}, Time{}}) {
        CHECK(parse_time(to_string(time)) == time);
    }
    CHECK(parse_time("2011-12-09") == day);
    CHECK(parse_time("2011-12-09 12:05") == day + 12h + 5min);
    CHECK(parse_time("2011-12-09T12:05:07") == day + 12h + 5min + 7s);
    CHECK(parse_time("2011-12-09T12:05:07.5Z") == day + 12h + 5min + 7s + 500ms);
    CHECK(parse_time("2011-12-09T12:05:07+01:00") == day + 11h + 5min + 7s);
    CHECK(parse_time("2011-12-09 12:05-0530") == day + 17h + 35min);
    CHECK(parse_time("2011-12-09T00:30:00.25+14:00") == day - 13h - 30min + 250ms);
    for (const auto* none : {"2011-12-09T12:05+1", "2011-12-09T12:05+24:00", "2011-12-09T12:05+01:60",
                             "2011-12-09T12:05+01:00Z", "2011-12-09+01:00", "2011-12-09T12:05 +01:00"}) {
        CHECK_FALSE(parse_time(none));
    }
    CHECK(parse_time("2012-02-29") == Time{std::chrono::sys_days{std::chrono::year{2012} / 2 / 29}});
    for (const char* wrong :
         {"", "2011", "2011-2-9", "2011-02-29", "2011-13-01", "2011-12-09T", "2011-12-09T24:00", "2011-12-09T12:60",
          "2011-12-09T12:05:60", "2011-12-09T12:05:07.", "2011-12-09T12:05:07.1234567", "2011-12-09T12:05:07ZZ",
          "2011-12-09Z", " 2011-12-09", "yesterday", "-011-12-09"}) {
        INFO(wrong);
        CHECK_FALSE(parse_time(wrong));
    }
}

} // namespace time_text_test
