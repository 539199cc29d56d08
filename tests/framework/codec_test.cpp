#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/time.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <variant>

namespace codec_test {

using namespace eventloom;

struct Money {
    std::int64_t pence = 0;
};
struct Line {
    std::string sku;
    int quantity = 1;
    Money price;
};
enum class Colour : std::uint8_t { red, green };
struct Everything {
    id<Line> identity;
    std::vector<Line> lines;
    std::optional<double> weight;
    std::map<std::string, Line> by_name;
    std::variant<int, std::string> either;
    std::vector<bool> flags;
    Colour colour = Colour::red;
    std::chrono::sys_seconds at;
    std::int64_t negative  = 0;
    std::uint64_t positive = 0;
    std::pair<int, bool> two;
};
struct Nested {
    std::vector<Nested> inside;
};
struct Own {
    int kept      = 0;
    int forgotten = 7;
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(kept);
    }
};

struct Half {
    int kept      = 3;
    int forgotten = 7;
    template <class Archive>
    void save(Archive& archive) const
    {
        archive(cereal::make_nvp("kept", kept));
    }
    template <class Archive>
    void load(Archive& archive)
    {
        archive(kept);
    }
};
struct Versioned {
    int kept      = 3;
    int forgotten = 7;
    template <class Archive>
    void serialize(Archive& archive, std::uint32_t)
    {
        archive(kept);
    }
};
struct Halves {
    Half one;
    std::vector<Half> many;
    Versioned versioned;
};
struct Beside {
    std::int64_t shown  = 0;
    std::int64_t hidden = 0;
};
template <class Archive>
void serialize(Archive& archive, Beside& value)
{
    archive(value.shown);
}
struct Holder {
    Beside one;
    std::vector<Beside> many;
};
struct Nothing {};
struct Unreadable {
    template <class Archive>
    void serialize(Archive&)
    {
        throw std::runtime_error{"this cannot be read"};
    }
};

// Events in two forms.
struct PlacedV1 {
    std::string customer;
};
struct Placed {
    std::string customer;
    std::string country;
};
inline Placed upcast(const PlacedV1& event)
{
    return {event.customer, "unknown"};
}
struct Order {
    static constexpr auto category = "order";
    using Events                   = events<event<"order-placed", Placed, PlacedV1>>;
    std::string customer;
    std::string country;
};
inline Order evolve(Order, const Placed& event)
{
    return {event.customer, event.country};
}

} // namespace codec_test

template const eventloom::EventTypes& eventloom::event_types<codec_test::Order>();

namespace codec_test {

const Everything sample{.identity = {"line-1"},
                        .lines    = {{"tea", 2, {450}}, {"", -3, {-1}}},
                        .weight   = 2.5,
                        .by_name  = {{"a", {"x", 1, {2}}}},
                        .either   = std::string{"text"},
                        .flags    = {true, false, true},
                        .colour   = Colour::green,
                        .at       = std::chrono::sys_seconds{std::chrono::seconds{1'300'000'000}},
                        .negative = std::numeric_limits<std::int64_t>::min(),
                        .positive = std::numeric_limits<std::uint64_t>::max(),
                        .two      = {-5, true}};

template <class T>
std::string bytes_of(const T& value)
{
    std::string bytes;
    codec<T>::encode(value, bytes);
    return bytes;
}

TEST_CASE("a plain struct of any members comes back as it was", "[framework][codec]")
{
    const auto back = codec<Everything>::decode(bytes_of(sample));
    REQUIRE(back);
    CHECK(same(back.value(), sample));
}

TEST_CASE("texts of every length around the writer's buffer are there in full and in order", "[framework][codec]")
{
    constexpr std::size_t buffer = sizeof(detail::Encoding::Buffer);
    for (std::size_t length = buffer - 20; length <= buffer + 20; ++length) {
        const Placed placed{std::string(length, 'c'), std::string(buffer * 2 + length, 'u')};
        std::string bytes{"before"};
        codec<Placed>::encode(placed, bytes);
        CHECK(bytes.substr(0, 6) == "before");
        // Each text has its length before it, in two bytes up to 16,383.
        REQUIRE(bytes.size() == 6 + 2 + length + 2 + buffer * 2 + length);
        const auto again = codec<Placed>::decode(std::string_view{bytes}.substr(6));
        REQUIRE(again.has_value());
        CHECK(again.value().customer == placed.customer);
        CHECK(again.value().country == placed.country);
    }
}

TEST_CASE("a serialize of one's own wins over the members", "[framework][codec]")
{
    const auto back = codec<Own>::decode(bytes_of(Own{3, 4}));
    REQUIRE(back);
    CHECK(back.value().kept == 3);
    CHECK(back.value().forgotten == 7);
}

TEST_CASE("a serialize beside a type wins over the members, also within other values", "[framework][codec]")
{
    const auto alone = codec<Beside>::decode(bytes_of(Beside{3, 4}));
    REQUIRE(alone);
    CHECK((alone.value().shown == 3 && alone.value().hidden == 0));
    const auto held = codec<Holder>::decode(bytes_of(Holder{{5, 6}, {{7, 8}, {9, 10}}}));
    REQUIRE(held);
    CHECK((held.value().one.shown == 5 && held.value().one.hidden == 0));
    REQUIRE(held.value().many.size() == 2);
    CHECK((held.value().many[1].shown == 9 && held.value().many[1].hidden == 0));
}

TEST_CASE("save and load of a plain struct win over its members, and so does a serialize with a version",
          "[framework][codec]")
{
    const auto back = codec<Halves>::decode(bytes_of(Halves{{3, 4}, {{5, 6}}, {8, 9}}));
    REQUIRE(back);
    CHECK((back.value().one.kept == 3 && back.value().one.forgotten == 7));
    REQUIRE(back.value().many.size() == 1);
    CHECK((back.value().many[0].kept == 5 && back.value().many[0].forgotten == 7));
    CHECK((back.value().versioned.kept == 8 && back.value().versioned.forgotten == 7));
    CHECK(codec<Halves>::to_json(back.value()).find("\"one\": {\"kept\": 3}") != std::string::npos);
}

TEST_CASE("a struct without members is no bytes", "[framework][codec]")
{
    CHECK(bytes_of(Nothing{}).empty());
    CHECK(codec<Nothing>::decode(""));
    CHECK_FALSE(codec<Nothing>::decode("x"));
}

TEST_CASE("what a serialize of one's own throws is an error like any other", "[framework][codec]")
{
    const auto read = codec<Unreadable>::decode("x");
    REQUIRE_FALSE(read);
    CHECK(read.error().code == "damaged-value");
    CHECK(read.error().sentence.find("this cannot be read") != std::string::npos);
}

TEST_CASE("every cut of an encoding is an error with a name", "[framework][codec][damage]")
{
    const auto bytes = bytes_of(sample);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        const auto read = codec<Everything>::decode(std::string_view{bytes}.substr(0, length));
        REQUIRE_FALSE(read);
        CHECK(read.error().kind == Failure::corrupt);
        CHECK(read.error().code == "damaged-value");
    }
    const auto longer = codec<Everything>::decode(bytes + "x");
    REQUIRE_FALSE(longer);
    CHECK(longer.error().code == "trailing-bytes");
}

TEST_CASE("no change of a byte crashes the reader, and what it accepts is a value", "[framework][codec][damage]")
{
    const auto bytes = bytes_of(sample);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            auto changed    = bytes;
            changed[at]     = static_cast<char>(changed[at] ^ (1 << bit));
            const auto read = codec<Everything>::decode(changed);
            if (read) {
                CHECK(same(codec<Everything>::decode(bytes_of(read.value())).value(), read.value()));
            } else {
                CHECK(read.error().kind == Failure::corrupt);
            }
        }
    }
}

TEST_CASE("a length beyond the bytes that are left allocates nothing", "[framework][codec][damage]")
{
    // Nine bytes make cereal's own archive ask for gigabytes.
    for (const std::string lie :
         {"\xff\xff\xff\xff\x0f", "\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x80\x80\x80\x80\x08xyz"}) {
        CHECK_FALSE(codec<std::vector<Line>>::decode(lie));
        CHECK_FALSE(codec<std::string>::decode(lie));
        CHECK_FALSE((codec<std::map<std::string, int>>::decode(lie)));
    }
    CHECK_FALSE(codec<std::uint64_t>::decode("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"));
    CHECK_FALSE(codec<std::uint8_t>::decode("\x80\x02"));
    CHECK_FALSE(codec<bool>::decode("\x02"));
    CHECK_FALSE((codec<std::variant<int, bool>>::decode("\x02\x00")));
}

TEST_CASE("values that are nested too deeply are refused by name", "[framework][codec][damage]")
{
    std::string deep(100'000, '\x01');
    deep.push_back('\0');
    const auto read = codec<Nested>::decode(deep);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == "value-too-deep");
}

TEST_CASE("JSON shows members by name on one line of valid UTF-8", "[framework][codec][json]")
{
    CHECK(codec<Line>::to_json({"t\xff"
                                "ea\n",
                                2,
                                {450}}) == "{\"sku\": \"t\xEF\xBF\xBD"
                                           "ea\\n\",\"quantity\": 2,\"price\": 450}");
    CHECK(codec<Everything>::to_json(sample).find("\"identity\": \"line-1\"") != std::string::npos);
}

// What a person should be able to read.
struct Readable {
    std::vector<Money> prices;
    std::chrono::sys_days day;
    std::chrono::sys_seconds second;
    std::optional<Money> paid;
    std::optional<std::string> note;
    std::vector<std::chrono::sys_days> days;
};
struct Country {
    std::string name;
};
struct Turnover {
    Money amount;
};
struct Keyed {
    using record = Turnover;
    Country key;
    Turnover row;
};

TEST_CASE("JSON shows a time as ISO 8601, a value type as its value, and an optional as its value or null",
          "[framework][codec][json]")
{
    const std::chrono::sys_days day{std::chrono::year{2011} / 12 / 9};
    const Readable readable{{{250}, {-1}}, day, day + std::chrono::minutes{770}, Money{5}, std::nullopt, {day}};
    CHECK(codec<Readable>::to_json(readable) ==
          "{\"prices\": [250,-1],\"day\": \"2011-12-09\",\"second\": \"2011-12-09T12:50:00Z\",\"paid\": 5,"
          "\"note\": null,\"days\": [\"2011-12-09\"]}");
    CHECK(codec<Money>::to_json({450}) == "{\"pence\": 450}"); // a whole value has its names
    CHECK(codec<Keyed>::to_json({{"France"}, {{900}}}) == "{\"key\": \"France\",\"row\": {\"amount\": 900}}");
    const auto back = codec<Readable>::decode(bytes_of(readable));
    REQUIRE(back);
    CHECK(same(back.value(), readable));
}

TEST_CASE("a time beyond the calendar is the number of its units", "[framework][codec][json]")
{
    using std::chrono::sys_days;
    using std::chrono::sys_seconds;
    CHECK(time_text(sys_seconds{std::chrono::seconds{std::numeric_limits<std::int64_t>::max()}}) ==
          "9223372036854775807");
    CHECK(time_text(sys_days{std::chrono::days{3'000'000}}) == "3000000");
    CHECK(time_text(sys_days{std::chrono::year{9999} / 12 / 31}) == "9999-12-31");
    CHECK(time_text(Time{std::chrono::microseconds{-1}}) == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("an earlier form of an event is brought up to date when it is read", "[framework][codec][upcast]")
{
    RecordedEvent event;
    event.type           = "order-placed";
    event.schema_version = 1;
    event.data           = bytes_of(PlacedV1{"ada"});
    const auto order     = evolved(Order{}, event);
    REQUIRE(order);
    CHECK(order.value().customer == "ada");
    CHECK(order.value().country == "unknown");
    CHECK(encoded<Order>(Placed{"ada", "UK"}).schema_version == 2);
    CHECK(event_types<Order>()[0].to_json(1, event.data).value().find("unknown") != std::string::npos);
}

TEST_CASE("unknown types and newer schema versions are errors with the event's place", "[framework][codec][upcast]")
{
    RecordedEvent event;
    event.stream         = "order-7";
    event.position       = 42;
    event.type           = "order-placed";
    event.schema_version = 3;
    const auto newer     = evolved(Order{}, event);
    REQUIRE_FALSE(newer);
    CHECK(newer.error().code == "newer-schema-version");
    CHECK(newer.error().sentence.find("event 42 (order-7") != std::string::npos);
    event.type         = "order-eaten";
    const auto unknown = evolved(Order{}, event);
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == "unknown-event-type");
    CHECK(unknown.error().sentence.find("order-eaten") != std::string::npos);
}

} // namespace codec_test
