#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/framework/number_text.hpp>
#include <eventloom/storage/ordered_key.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <bit>
#include <limits>
#include <random>
#include <variant>

namespace number_text_test {

using namespace eventloom;
using Json = nlohmann::json;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity     = std::numeric_limits<double>::infinity();

struct Degrees {
    double value = 0;
};
struct Deep {
    std::vector<double> list;
    std::map<std::string, double> by_name;
    std::optional<float> maybe;
    std::variant<int, double> either;
    std::pair<float, double> two;
    Degrees degrees;
};
struct Own {
    double kept = 0;
    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(cereal::make_nvp("kept", kept));
    }
};
struct Reading {
    double exact = 0;
    float coarse = 0;
    Deep deep;
    Own own;
};

TEST_CASE("a float is written with the fewest digits that give it again, and what is no number as one word",
          "[framework][numbers]")
{
    CHECK(number_text(0.3F) == "0.3");
    CHECK(number_text(0.1 + 0.2) == "0.30000000000000004");
    CHECK(number_text(16777216.F) == "16777216");
    CHECK(number_text(-0.0) == "-0");
    CHECK(number_text(not_a_number) == "NaN");
    CHECK(number_text(-not_a_number) == "NaN");
    CHECK(number_text(std::numeric_limits<float>::infinity()) == "Infinity");
    CHECK(number_text(-infinity) == "-Infinity");
    CHECK(std::isnan(number_of("NaN").value()));
    CHECK(number_of("-Infinity") == -infinity);
    CHECK_FALSE(number_of("0.3 and more"));
}

TEST_CASE("in JSON every floating-point number is valid, wherever it stands, and reads back as it was",
          "[framework][numbers][codec]")
{
    const Reading reading{
        not_a_number,
        0.3F,
        {{1, infinity, -0.0}, {{"low", -infinity}}, 0.1F, not_a_number, {2.5F, -infinity}, {infinity}},
        {not_a_number}};
    const auto json = Json::parse(codec<Reading>::to_json(reading)); // throws at what is no JSON
    CHECK(json["exact"] == "NaN");
    CHECK(json["coarse"].dump() == "0.3");
    CHECK(json["deep"]["list"].dump() == R"([1.0,"Infinity",-0.0])");
    CHECK(json["deep"]["by_name"][0]["value"] == "-Infinity");
    CHECK(json["deep"]["maybe"].dump() == "0.1");
    CHECK(json["deep"]["either"]["data"] == "NaN");
    CHECK(json["deep"]["two"]["second"] == "-Infinity");
    CHECK(json["deep"]["degrees"] == "Infinity");
    CHECK(json["own"]["kept"] == "NaN");
}

TEST_CASE("any float has in JSON the digits of a float", "[framework][numbers][codec]")
{
    std::mt19937 random{1};
    for (int i = 0; i < 20'000; ++i) {
        const auto number = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
        if (not std::isfinite(number)) continue;
        const auto json = Json::parse(codec<std::vector<float>>::to_json({number}))["value"][0];
        INFO(number_text(number));
        REQUIRE(static_cast<float>(json.get<double>()) == number);
        REQUIRE(number_text(json.get<double>()) == number_text(number));
    }
}

TEST_CASE("in the order of keys -0 is 0, and NaN is one value after infinity", "[framework][numbers][keys]")
{
    CHECK(ordered_key(-0.0) == ordered_key(0.0));
    CHECK(ordered_key(-not_a_number) == ordered_key(not_a_number));
    CHECK(ordered_key(std::bit_cast<double>(0x7ff0'0000'0000'0001)) == ordered_key(not_a_number));
    CHECK(ordered_key(-infinity) < ordered_key(-1.0));
    CHECK(ordered_key(1.0) < ordered_key(infinity));
    CHECK(ordered_key(infinity) < ordered_key(not_a_number));
}

} // namespace number_text_test
