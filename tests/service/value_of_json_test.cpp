// Events from JSON, as people write them: what `events show` shows can be said to a saga.
#include "json/value_of_json.hpp"

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/time.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <optional>
#include <set>

namespace value_of_json_test {

using namespace eventloom;

struct Thing;
struct Money {
    std::int64_t pence = 0;
};
struct Line {
    std::string sku;
    std::uint8_t pieces = 0;
};
enum class Colour : std::uint8_t { red, green };
struct Said {
    bool yes            = false;
    std::int32_t number = 0;
    double ratio        = 0;
    std::string words;
    id<Thing> thing;
    Money price;
    Time at{};
    std::chrono::sys_days day{};
    std::vector<Line> lines;
    std::optional<std::string> note;
    std::map<std::string, std::int32_t> counts;
    std::set<std::int32_t> numbers;
    Colour colour = Colour::red;
};
struct Nothing {};
struct Thing {
    static constexpr auto category = "thing";
    using Events                   = events<event<"thing-said", Said>, event<"thing-nothing", Nothing>>;
};

const EventType& said()
{
    return event_types<Thing>().front();
}

std::string bytes_of(const Said& event)
{
    std::string bytes;
    said().encode(&event, bytes);
    return bytes;
}

const Said everything{true,
                      -7,
                      0.5,
                      "ä \"quoted\"",
                      id<Thing>{"17"},
                      Money{1'250},
                      Time{std::chrono::days{15'000} + std::chrono::microseconds{1}},
                      std::chrono::sys_days{std::chrono::days{15'000}},
                      {{"85123A", 6}, {"22423", 255}},
                      "note",
                      {{"a", 1}, {"b", 2}},
                      {3, 4},
                      Colour::green};

TEST_CASE("what is shown of an event can be read again, member for member", "[service][json]")
{
    for (const Said& event : {everything, Said{}}) {
        const auto bytes = bytes_of(event);
        const auto json  = said().to_json(said().schema_version, bytes).value();
        INFO(json);
        const auto parsed = Json::parse(json);
        REQUIRE(parsed);
        const auto read = event_of_json(said(), *parsed);
        INFO((read ? "" : read.error().sentence));
        REQUIRE(read);
        CHECK(read.value() == bytes);
    }
    CHECK(event_of_json(event_types<Thing>().back(), Json::object()).value().empty());
}

TEST_CASE("JSON that is not that of an event is refused, and the member is named", "[service][json]")
{
    const auto whole = Json::parse(said().to_json(1, bytes_of(everything)).value()).value();
    const auto wrong = [&](const char* member, Json value) {
        auto json       = whole;
        json[member]    = std::move(value);
        const auto read = event_of_json(said(), json);
        REQUIRE_FALSE(read);
        CHECK(read.error().kind == Failure::invalid);
        CHECK(read.error().code == "json-does-not-fit");
        const auto& sentence = read.error().sentence;
        const auto from      = sentence.find("found that ") + std::string_view{"found that "}.size();
        return sentence.substr(from, sentence.find(';') - from);
    };
    CHECK(wrong("yes", "true") == "its member \"yes\" is neither true nor false");
    CHECK(wrong("number", "7") == "its member \"number\" is no whole number");
    CHECK(wrong("ratio", "0.5") == "its member \"ratio\" is no number");
    CHECK(wrong("number", 0.5) == "its member \"number\" is no whole number");
    CHECK(wrong("number", 3'000'000'000) == "its member \"number\" is too large, or too small, for its type");
    CHECK(wrong("ratio", true) == "its member \"ratio\" is no number");
    CHECK(wrong("words", 7) == "its member \"words\" is no text");
    CHECK(wrong("thing", nullptr) == "its member \"thing\" is no text");
    CHECK(wrong("price", "1 250") == "its member \"price\" is no whole number");
    CHECK(wrong("at", "today") == "its member \"at\" is no time such as \"2026-12-24T18:00:00Z\"");
    CHECK(wrong("lines", Json::object()) == "its member \"lines\" is no JSON array");
    CHECK(wrong("lines", Json::array({{{"sku", "1"}, {"pieces", 256}}})) ==
          "its member \"lines[0].pieces\" is too large, or too small, for its type");
    CHECK(wrong("lines", Json::array({{{"sku", "1"}, {"pieces", -1}}})) ==
          "its member \"lines[0].pieces\" is too large, or too small, for its type");
    CHECK(wrong("colors", 1) == "its member \"colors\" is unknown");
    CHECK(wrong("counts", Json::array({{{"key", "a"}}})) == "its member \"counts[0]\" is no whole number");
    auto less = whole;
    less.erase("words");
    CHECK(event_of_json(said(), less).error().sentence.find("\"words\" is missing") != std::string::npos);
    less = whole;
    less.erase("note"); // optional
    CHECK(event_of_json(said(), less));
    CHECK(event_of_json(said(), Json{"text"}).error().sentence.find("it is no JSON object") != std::string::npos);
}

} // namespace value_of_json_test
