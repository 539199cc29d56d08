#include <eventloom/service/detail/json.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <limits>

namespace json_test {

using eventloom::Json;
using Library = nlohmann::ordered_json;

constexpr auto replace = Library::error_handler_t::replace;

TEST_CASE("a value is written as the library that reads JSON writes it, on one line and on several", "[service][json]")
{
    const auto* const text = GENERATE(
        R"({})", R"([])", R"([[],{},[{}]])", R"({"b": 1, "a": {"z": null, "y": [true, false]}})",
        R"([0, -1, 18446744073709551615, -9223372036854775808, 18446744073709551616])",
        R"([0.1, 1.0, -0.0, 1e300, 2.5e-7, 1e16])", R"(["\u0000\u001f\u007f\"\\\b\f\n\r\t/", "Käse \ud83e\uddc0"])",
        R"({"": "", "name": "one", "name": "two"})", R"("alone")", "7");
    const auto read = Json::parse(text);
    REQUIRE(read);
    const auto expected = Library::parse(text);
    CHECK(read->dump() == expected.dump());
    CHECK(read->dump(2) == expected.dump(2));
    CHECK(read->dump_ascii() == expected.dump(-1, ' ', true));
}

TEST_CASE("bytes that are no UTF-8 are written as the sign for them, as the library does", "[service][json]")
{
    const std::string broken = GENERATE("\xff", "a\xc3", "\xe2\x82 b", "\xed\xa0\x80", "\xf0\x9f\xa7 and \xc0\xaf");
    CHECK(Json(broken).dump() == Library(broken).dump(-1, ' ', false, replace));
    CHECK(Json{{broken, 1}}.dump() == Library{{broken, 1}}.dump(-1, ' ', false, replace));
}

TEST_CASE("what is no JSON is not read", "[service][json]")
{
    CHECK_FALSE(Json::parse(GENERATE("", "{", "[1,]", "{\"a\"}", "1 2", "nul", "\"\xff\"")));
}

TEST_CASE("braces make an object of names and values, and a list of all else", "[service][json]")
{
    const std::optional<int> none;
    const std::string_view place = "York";
    CHECK(Json{{"place", place}, {"pieces", 6}, {"lines", {1, 2}}, {"gone", none}}.dump() ==
          R"({"place":"York","pieces":6,"lines":[1,2],"gone":null})");
    CHECK(Json{{"only", {{"in", "it"}}}}.dump() == R"({"only":{"in":"it"}})");
    CHECK(Json{place, 1, true, 0.5, nullptr}.dump() == R"(["York",1,true,0.5,null])");
    CHECK(Json::array({"two", "texts"}).dump() == R"(["two","texts"])");
    CHECK(Json(std::vector<std::string>{"two", "texts"}).dump() == R"(["two","texts"])");
    CHECK(Json(place).dump() == R"("York")");
}

TEST_CASE("members are found, added, replaced and taken away by their names, and keep their order", "[service][json]")
{
    Json order;
    order["number"] = "1042";
    order["lines"].push_back(7);
    order["number"] = "1043";
    CHECK(order.dump() == R"({"number":"1043","lines":[7]})");
    order.update({{"lines", nullptr}, {"total", -5}});
    order.erase("number");
    CHECK(order.dump() == R"({"lines":null,"total":-5})");
    CHECK_FALSE(order.contains("number"));
    CHECK(std::as_const(order)["number"].is_null());
    CHECK(order["total"].whole() == -5);
    CHECK(Json(std::numeric_limits<std::uint64_t>::max()).unsigned_whole() ==
          std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("values are equal when they say the same: numbers by value, members in any order", "[service][json]")
{
    CHECK(*Json::parse(R"({"a": 1, "b": [2.0]})") == *Json::parse(R"({"b": [2], "a": 1.0})"));
    CHECK_FALSE(*Json::parse("[1, 2]") == *Json::parse("[2, 1]"));
    CHECK_FALSE(Json("1") == Json(1));
    CHECK_FALSE(Json{{"a", nullptr}} == Json{{"b", nullptr}});
}

TEST_CASE("a copy is a value of its own", "[service][json]")
{
    Json one{{"list", {1}}};
    const Json other = one;
    one["list"].push_back(2);
    CHECK(other.dump() == R"({"list":[1]})");
    CHECK(one.dump() == R"({"list":[1,2]})");
}

} // namespace json_test
