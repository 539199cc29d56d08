// Dates in the forms that people, tills and spreadsheets write.
#include "import/dates.hpp"

#include <catch2/catch.hpp>

namespace shop_dates_test {

using namespace shop;
using namespace std::chrono;

constexpr DateOrder every_order[]{DateOrder::dmy, DateOrder::mdy, DateOrder::ymd};

BusinessTime on(int y, unsigned m, unsigned d, int hour = 0, int minute = 0, int second = 0)
{
    return sys_days{year{y} / month{m} / day{d}} + hours{hour} + minutes{minute} + seconds{second};
}

struct Meaning {
    std::string text;
    BusinessTime time;
};

TEST_CASE("a date that has one reading means the same in every order of day and month", "[shop][import][dates]")
{
    const auto& [text, time] = GENERATE(values<Meaning>({
        {"2010-12-01", on(2010, 12, 1)},
        {" 2010-12-01 08:26 ", on(2010, 12, 1, 8, 26)},
        {"2010-12-01 08:26:05", on(2010, 12, 1, 8, 26, 5)},
        {"2010-12-01T08:26:05.999Z", on(2010, 12, 1, 8, 26, 5)},
        {"2010-12-01T08:26:05,5", on(2010, 12, 1, 8, 26, 5)},
        {"2010/12/1 8:26", on(2010, 12, 1, 8, 26)},
        {"2010.12.01. 8.26", on(2010, 12, 1, 8, 26)},
        {"20101201", on(2010, 12, 1)},
        {"20101201T0826Z", on(2010, 12, 1, 8, 26)},
        {"20101201 082605", on(2010, 12, 1, 8, 26, 5)},
        {"201012010826", on(2010, 12, 1, 8, 26)},
        {"20101201082605", on(2010, 12, 1, 8, 26, 5)},
        {"2010-12-01T00:30:00+01:00", on(2010, 11, 30, 23, 30)},
        {"2010-12-01 08:26 -0530", on(2010, 12, 1, 13, 56)},
        {"2010-12-01 08:26+05", on(2010, 12, 1, 3, 26)},
        {"2010-12-01 08:26 UTC", on(2010, 12, 1, 8, 26)},
        {"1-Dec-2010", on(2010, 12, 1)},
        {"1 December 2010 12:00 AM", on(2010, 12, 1)},
        {"01DEC2010:08:26:05", on(2010, 12, 1, 8, 26, 5)},
        {"Dec 1, 2010, 8:26 pm", on(2010, 12, 1, 20, 26)},
        {"Wednesday, December 1, 2010 12:05 p.m.", on(2010, 12, 1, 12, 5)},
        {"Wed, 01 Dec 2010 08:26:05 GMT", on(2010, 12, 1, 8, 26, 5)},
        {"1. Sept. 2010", on(2010, 9, 1)},
        {"2010-Dec-01", on(2010, 12, 1)},
        {"40513", on(2010, 12, 1)},
        {"40513.3513888889", on(2010, 12, 1, 8, 26)},
        {"40513,35139", on(2010, 12, 1, 8, 26)},
        {"1291191960", on(2010, 12, 1, 8, 26)},
        {"1291191960123", on(2010, 12, 1, 8, 26)},
        {"2012-02-29", on(2012, 2, 29)},
    }));
    INFO(text);
    for (const auto order : every_order) CHECK(parse_date(text, order).time == time);
}

TEST_CASE("a date of three numbers means what the order says", "[shop][import][dates]")
{
    for (const std::string between : {"/", "-", ".", " "}) {
        const auto text = "1" + between + "12" + between + "2010 8:26";
        INFO(text);
        CHECK(parse_date(text, DateOrder::dmy).time == on(2010, 12, 1, 8, 26));
        CHECK(parse_date(text, DateOrder::mdy).time == on(2010, 1, 12, 8, 26));
        CHECK_FALSE(parse_date(text, DateOrder::ymd).time);
    }
    CHECK(parse_date("01/12/10", DateOrder::dmy).time == on(2010, 12, 1));
    CHECK(parse_date("01/12/10", DateOrder::mdy).time == on(2010, 1, 12));
    CHECK(parse_date("01/12/10", DateOrder::ymd).time == on(2001, 12, 10));
    CHECK(parse_date("10-Dec-01", DateOrder::dmy).time == on(2001, 12, 10));
    CHECK(parse_date("10-Dec-01", DateOrder::ymd).time == on(2001, 12, 10)); // years stand first with numbers only
    CHECK(parse_date("1/12/49", DateOrder::dmy).time == on(2049, 12, 1));
    CHECK(parse_date("1/12/70", DateOrder::dmy).time == on(1970, 12, 1));
    CHECK_FALSE(parse_date("1/12/10", DateOrder::ymd).time); // no year is written with one digit
    CHECK_FALSE(parse_date("13/12/2010", DateOrder::mdy).time);
    CHECK_FALSE(parse_date("12/13/2010", DateOrder::dmy).time);
}

TEST_CASE("what is no date has no time, whatever the order", "[shop][import][dates]")
{
    const auto* text =
        GENERATE("", " ", "-", "/", "yesterday", "2010", "12/2010", "1/12", "1//12/2010", "1/12-2010", "1,12,2010",
                 "1 / 12 / 2010 x", "2010-13-01", "2010-12-32", "2010-00-01", "2010-12-00", "2011-02-29", "1/12/55",
                 "1/12/110", "12345/1/1", "99999999", "2010-12-01 24:00", "2010-12-01 08:60", "2010-12-01 08:26:60",
                 "2010-12-01 8", "2010-12-01 8:2", "2010-12-01 13:00 PM", "2010-12-01 0:30 AM", "2010-12-01 08:26 EST",
                 "2010-12-01 08:26+1", "2010-12-01 08:26+23:00", "2010-12-01x08:26", "1-Dez-2010", "Dec Dec 2010",
                 "2010 1 Dec", "-1/12/2010", "1e5", "0x7DA", "18446744073709551616", "00:00");
    INFO(text);
    for (const auto order : every_order) CHECK_FALSE(parse_date(text, order).time);
}

} // namespace shop_dates_test
