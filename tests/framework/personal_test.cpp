// Personal fields: what is in the bytes, where, and what reads as erased.
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/framework/testing.hpp>

#include <catch2/catch.hpp>

#include <map>

namespace personal_test {

using namespace eventloom;

struct Address {
    std::string street;
    std::string town;
};
struct Registered {
    std::string customer;
    personal<std::string> name;
    std::vector<personal<Address>> addresses;
    std::optional<personal<std::int64_t>> born;
};
struct Greeted {
    std::string words;
};
std::string subject_of(const Registered& event)
{
    return "customer-" + event.customer;
}

struct Customer {
    static constexpr auto category = "customer";
    using Events                   = events<event<"registered", Registered>, event<"greeted", Greeted>>;
    personal<std::string> name;
};
inline Customer evolve(Customer customer, const Registered& event)
{
    customer.name = event.name;
    return customer;
}
inline Customer evolve(Customer customer, const Greeted&)
{
    return customer;
}

const Registered ada{"1", "Ada", {Address{"St James's Square", "London"}, Address{"Ockham Park", "Ripley"}}, 1815};

} // namespace personal_test

template const eventloom::EventTypes& eventloom::event_types<personal_test::Customer>();
template struct eventloom::codec<personal_test::Registered>;

namespace personal_test {

TEST_CASE("a personal field is a value or erased, and both are read back", "[framework][personal]")
{
    auto event         = ada;
    event.addresses[1] = personal<Address>::erased();
    event.born         = personal<std::int64_t>::erased();
    std::string bytes;
    codec<Registered>::encode(event, bytes);
    const auto read = codec<Registered>::decode(bytes);
    REQUIRE(read);
    CHECK(same(read.value(), event));
    CHECK(read.value().addresses[1].is_erased());
    CHECK(read.value().addresses[1].value_or({"nowhere", ""}).street == "nowhere");
    CHECK(read.value().name.value_or("nobody") == "Ada");
    CHECK_FALSE(personal<std::string>{}.is_erased());
    CHECK_FALSE(same(ada, event));
}

TEST_CASE("an encoded event says where its personal parts are, and whose", "[framework][personal]")
{
    const auto event = encoded<Customer>(ada);
    const auto* text = find_personal_note(event.metadata);
    REQUIRE(text != nullptr);
    const auto note = PersonalNote::parse(*text);
    REQUIRE(note);
    CHECK(note->form == PersonalForm::open);
    CHECK(note->subject == "customer-1");
    CHECK(note->places == PersonalPlaces{2, 9, 36, 58}); // after "1"; after "Ada" and a number; 27 bytes on; 21 and 1
    CHECK(PersonalNote::parse(note->text())->text() == *text);
    CHECK(personal_part_at(event.data, 2)->bytes == "\x03"
                                                    "Ada");
    CHECK(personal_part_at(event.data, 2)->size == 6);
    CHECK(find_personal_note(encoded<Customer>(Greeted{"hello"}).metadata) == nullptr);
}

TEST_CASE("a part that is sealed is an error to whoever reads it without keys, and never erased",
          "[framework][personal]")
{
    std::string bytes{"\x01"
                      "1"};
    append_personal_part(bytes, PersonalForm::sealed, "cipher");
    bytes += std::string{"\0\1", 2};
    const auto read = codec<Registered>::decode(bytes);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == "personal-data-sealed");
    CHECK(read.error().kind == Failure::corrupt);
}

TEST_CASE("every cut and every other form of a personal part is an error with a name", "[framework][personal]")
{
    const auto event = encoded<Customer>(ada);
    for (std::size_t size = 0; size < event.data.size(); ++size) {
        CHECK_FALSE(codec<Registered>::decode(std::string_view{event.data}.substr(0, size)));
    }
    for (int form = 3; form < 256; ++form) {
        auto other = event.data;
        other[2]   = static_cast<char>(form);
        CHECK(codec<Registered>::decode(other).error().code == "damaged-value");
    }
    auto longer = event.data;
    longer[3]   = 5; // the part says that it is longer than its name
    CHECK(codec<Registered>::decode(longer).error().code == "damaged-value");
}

TEST_CASE("in JSON an erased field says that it is erased", "[framework][personal]")
{
    auto event = ada;
    CHECK(codec<Registered>::to_json(event).find(R"("name": "Ada")") != std::string::npos);
    event.name         = personal<std::string>::erased();
    event.addresses[0] = personal<Address>::erased();
    const auto json    = codec<Registered>::to_json(event);
    INFO(json);
    CHECK(json.find(R"("born": 1815)") != std::string::npos);
    CHECK(json.find(R"("name": {"erased": true})") != std::string::npos);
    CHECK(json.find("James") == std::string::npos);
    CHECK(json.find("Ockham") != std::string::npos);
}

TEST_CASE("whether a type holds personal fields is known, however deep they are", "[framework][personal]")
{
    STATIC_REQUIRE(detail::holds_personal<Registered>());
    STATIC_REQUIRE(detail::holds_personal<std::map<std::string, std::variant<int, std::tuple<Address, Registered>>>>());
    STATIC_REQUIRE_FALSE(detail::holds_personal<Address>());
    STATIC_REQUIRE_FALSE(detail::holds_personal<std::vector<std::optional<std::array<std::string, 3>>>>());
    CHECK(event_type<Customer, Registered>().is_personal);
    CHECK_FALSE(event_type<Customer, Greeted>().is_personal);
}

TEST_CASE("a note that is none is no note", "[framework][personal]")
{
    for (const char* text :
         {"", "open", "open 1", "open 1 ", "open  a", "sealed 1 a", "sealed 0 1 a", "sealed x 1 a", "open -1 a",
          "open 1, a", "open 2,1 a", "open 1,1 a", "opened 1 a", "open 99999999999999999999 a"}) {
        INFO(text);
        CHECK_FALSE(PersonalNote::parse(text));
    }
    CHECK(PersonalNote::parse("sealed 3 0,17 a b")->subject == "a b");
}

} // namespace personal_test
