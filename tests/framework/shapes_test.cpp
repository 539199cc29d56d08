// Shapes: the names and types of what is stored.
#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/stored_forms.hpp>

#include "support/every_store.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <map>

namespace shapes_test {

using namespace eventloom;

struct Money {
    std::int64_t pence = 0;
};
struct Line {
    std::string sku;
    Money price;
};
struct Order {
    std::string customer;
    std::vector<Line> lines;
    std::optional<Money> discount;
    std::map<std::string, bool> flags;
};
struct Tree {
    std::string name;
    std::vector<Tree> within;
};
struct Odd {
    std::int32_t number = 0;
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(cereal::make_nvp("number", number), number);
    }
};
struct Thrower {
    template <class Archive>
    void serialize(Archive&)
    {
        throw std::runtime_error{"I do not say"};
    }
};

template <class T>
std::string text_of()
{
    return codec<T>::shape().text;
}

TEST_CASE("a shape has the names and types of all members, however deep", "[framework][shapes]")
{
    CHECK(text_of<Order>() ==
          "{customer:text,lines:*({sku:text,price:{pence:s8}}),discount:?({pence:s8}),flags:*(+(text,yes))}");
    CHECK(text_of<Tree>() == "{name:text,within:*(^2)}");
    CHECK(codec<Order>::shape().fingerprint != codec<Line>::shape().fingerprint);
    CHECK(codec<Money>::shape().fingerprint != 0);
}

TEST_CASE("a type that serializes itself has the shape of what it visits, or none that is known", "[framework][shapes]")
{
    CHECK(text_of<Odd>() == "{number:s4,-:s4}");
    CHECK(text_of<Thrower>().empty());
    CHECK(codec<Thrower>::shape().fingerprint == 0);
    CHECK(may_be_same_shape(0, codec<Order>::shape().fingerprint));
}

TEST_CASE("what has changed between two shapes is told by the members", "[framework][shapes]")
{
    CHECK(difference_of_shapes("{a:s8,b:s8}", "{b:s8,a:s8}") == "a (s8) and b (s8) have changed places");
    CHECK(difference_of_shapes("{a:s8}", "{a:s8,b:*({c:s8,d:text})}") == "b (*({c:s8,d:text})) was added");
    CHECK(difference_of_shapes("{a:s8,b:text}", "{a:text}") == "a was s8 and is text; b (text) is gone");
    CHECK(difference_of_shapes("{m:{x:s8,y:s8}}", "{m:{y:s8,x:s8}}") == "in m, x (s8) and y (s8) have changed places");
}

// ---- upcasts that give several events, or none

// clang-format off
struct Bought  { std::string article; };
struct Paid    { std::int64_t pence = 0; };
struct Noted   { std::string text; };
// The first program had one event for both, and notes that meant nothing.
struct BoughtV1 { std::string article; std::int64_t pence = 0; };
struct BoughtV2 { std::string article; std::int64_t pence = 0; std::string note; };
struct NotedV1  { std::string text; };
inline BoughtV2 upcast(const BoughtV1& event) { return {event.article, event.pence, {}}; }
inline std::tuple<Bought, std::optional<Paid>> upcast(const BoughtV2& event)
{
    return {Bought{event.article}, event.pence > 0 ? std::optional{Paid{event.pence}} : std::nullopt};
}
inline std::optional<Noted> upcast(const NotedV1& event) { return event.text.empty() ? std::nullopt : std::optional{Noted{event.text}}; }

struct Shopping {
    static constexpr auto category = "shopping";
    using Events = events<event<"bought", Bought, BoughtV1, BoughtV2>, event<"paid", Paid>, event<"noted", Noted, NotedV1>>;
    std::vector<std::string> seen;
};
inline Shopping evolve(Shopping state, const Bought& event) { state.seen.push_back("bought " + event.article); return state; }
inline Shopping evolve(Shopping state, const Paid& event) { state.seen.push_back("paid " + std::to_string(event.pence)); return state; }
inline Shopping evolve(Shopping state, const Noted& event) { state.seen.push_back("noted " + event.text); return state; }
// clang-format on

template <class Form>
RecordedEvent stored(std::string type, std::uint32_t schema_version, const Form& form)
{
    RecordedEvent event;
    event.type           = std::move(type);
    event.schema_version = schema_version;
    codec<Form>::encode(form, event.data);
    return event;
}

std::vector<std::string> seen_of(const RecordedEvent& event)
{
    const auto state = evolved(Shopping{}, event);
    REQUIRE(state);
    return state.value().seen;
}

TEST_CASE("an upcast may give several events for one, or none, in their order", "[framework][upcast]")
{
    using Seen = std::vector<std::string>;
    CHECK(seen_of(stored("bought", 1, BoughtV1{"tea", 450})) == Seen{"bought tea", "paid 450"});
    CHECK(seen_of(stored("bought", 2, BoughtV2{"tea", 0, "gift"})) == Seen{"bought tea"});
    CHECK(seen_of(stored("bought", 3, Bought{"tea"})) == Seen{"bought tea"});
    CHECK(seen_of(stored("noted", 1, NotedV1{"hello"})) == Seen{"noted hello"});
    CHECK(seen_of(stored("noted", 1, NotedV1{})).empty());
}

TEST_CASE("as JSON an event shows all that it stands for", "[framework][upcast][json]")
{
    const auto json_of = [](const RecordedEvent& event) {
        return detail::find_event_type(event_types<Shopping>(), event.type)
            ->to_json(event.schema_version, event.data)
            .value();
    };
    CHECK(json_of(stored("bought", 1, BoughtV1{"tea", 450})) ==
          R"([{"bought":{"article": "tea"}},{"paid":{"pence": 450}}])");
    CHECK(json_of(stored("noted", 1, NotedV1{})) == "[]");
    CHECK(json_of(stored("noted", 2, Noted{"hello"})) == R"({"text": "hello"})");
}

TEST_CASE("who hears an event hears it under every name that may stand for it", "[framework][upcast]")
{
    CHECK((detail::names_that_may_stand_for<Shopping, Paid>() == std::vector<std::string>{"bought", "paid"}));
    CHECK((detail::names_that_may_stand_for<Shopping, Noted>() == std::vector<std::string>{"noted"}));
}

// ---- the file of stored forms

// clang-format off
struct Swapped { std::int64_t b = 0; std::int64_t a = 0; };
struct Plain   { std::int64_t a = 0; std::int64_t b = 0; };
template <class Fact>
struct One { static constexpr auto category = "one"; using Events = events<event<"happened", Fact>>; };
struct Two { static constexpr auto category = "one"; using Events = events<event<"happened", Plain>, event<"ended", Paid>>; };
// clang-format on

TEST_CASE("a stored form that has changed is told by its event and its members, and the file keeps it",
          "[framework][stored-forms]")
{
    using eventloom::testing::stored_forms;
    const eventloom::testing::TemporaryDirectory directory;
    const auto file = directory.path() + "/stored-forms.txt";
    CHECK_THAT(stored_forms<One<Plain>>().changes_since(file), Catch::Contains("run this test once with"));
    setenv("EVENTLOOM_STORED_FORMS", "write", 1);
    CHECK(stored_forms<One<Plain>>().changes_since(file).empty());
    CHECK_THAT(stored_forms<One<Swapped>>().changes_since(file),
               Catch::Contains("changed places")); // and writes nothing
    unsetenv("EVENTLOOM_STORED_FORMS");
    CHECK(stored_forms<One<Plain>>().changes_since(file).empty());
    CHECK_THAT(
        stored_forms<One<Swapped>>().changes_since(file),
        Catch::Contains("The event \"happened\" of \"one\", schema version 1, has other members: a (s8) and b (s8) "
                        "have changed places") &&
            Catch::Contains("the next schema version, and write an upcast"));
    CHECK_THAT(stored_forms<Two>().changes_since(file), Catch::Contains("\"ended\"") && Catch::Contains("is not in"));
    setenv("EVENTLOOM_STORED_FORMS", "write", 1);
    CHECK(stored_forms<Two>().changes_since(file).empty());
    unsetenv("EVENTLOOM_STORED_FORMS");
    CHECK_THAT(stored_forms<One<Plain>>().changes_since(file),
               Catch::Contains("\"ended\"") && Catch::Contains("in no list that was named"));
}

} // namespace shapes_test

template const eventloom::EventTypes& eventloom::event_types<shapes_test::Shopping>();
