// What is read off a plain struct without a macro: how many members it has, their names, and whether two are the same.
#include <eventloom/framework/detail/value_codec.hpp>

#include <catch2/catch.hpp>

namespace members_test {

namespace {

struct Moved {
    std::string from;
    std::string to;
};

template <class First, class Second>
struct Both {
    First one;
    Second other;
};

} // namespace

using namespace eventloom;

struct Money {
    std::int64_t pence = 0;
};
struct Line {
    std::string text;
    int quantity = 1;
    Money price;
};

TEST_CASE("member names, counts and equality are read off the struct", "[framework][members]")
{
    STATIC_REQUIRE(member_count<Line> == 3);
    STATIC_REQUIRE(member_name<Line, 2>() == "price");
    CHECK(same(Line{"a", 1, {2}}, Line{"a", 1, {2}}));
    CHECK_FALSE(same(Line{"a", 1, {2}}, Line{"a", 1, {3}}));
}

TEST_CASE("a struct in an unnamed namespace, or within a function, has its members' names", "[framework][members]")
{
    struct Within {
        Moved moved;
        std::string to;
    };
    STATIC_REQUIRE(member_name<Moved, 0>() == "from");
    STATIC_REQUIRE(member_name<Moved, 1>() == "to");
    STATIC_REQUIRE(member_name<Both<Moved, Both<int, Moved>>, 1>() == "other");
    STATIC_REQUIRE(member_name<Within, 1>() == "to");
    CHECK(codec<Moved>::to_json({"Paris", "Rome"}) == R"({"from": "Paris","to": "Rome"})");
    CHECK(codec<Moved>::shape().text == "{from:text,to:text}");
}

} // namespace members_test
