#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/projections/detail/columns.hpp>
#include <eventloom/projections/projected.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <map>

namespace columns_test {

using namespace eventloom;
using detail::columns_of;
using Names = std::vector<std::string>;

struct Pence {
    std::int64_t pence = 0;
};
struct Address {
    std::string city;
    Pence rent;
};
enum class Stage { open, closed };
struct Row {
    Address address;
    std::optional<Pence> paid;
    std::chrono::sys_days day;
    bool late   = false;
    double rate = 0;
    Stage stage = Stage::open;
    std::vector<std::string> notes;
    std::map<std::string, int> counts;
    std::string name;
};
struct Place {
    std::string name;
    int floor = 0;
};
struct Country {
    std::string country;
};
struct Only {
    int only = 0;
};

} // namespace columns_test

template <>
struct eventloom::text_form<columns_test::Pence> {
    static std::string write(const columns_test::Pence& amount) { return std::to_string(amount.pence) + "p"; }
    static std::optional<columns_test::Pence> read(std::string_view text)
    {
        return text == "one" ? std::optional{columns_test::Pence{1}} : std::nullopt;
    }
};
template <>
struct eventloom::text_form<columns_test::Stage> {
    static std::string write(const columns_test::Stage& stage)
    {
        return stage == columns_test::Stage::open ? "open" : "closed";
    }
    static std::optional<columns_test::Stage> read(std::string_view text)
    {
        if (text == "open") return columns_test::Stage::open;
        return text == "closed" ? std::optional{columns_test::Stage::closed} : std::nullopt;
    }
};

namespace columns_test {

TEST_CASE("a table's columns are the members of key and row, structs within them member by member",
          "[projections][columns]")
{
    Names names;
    Names kinds;
    for (const auto& column : columns_of<Place, Row>()) {
        names.push_back(column.name);
        kinds.emplace_back(to_string(column.kind));
    }
    CHECK(names == Names{"name", "floor", "address.city", "address.rent", "paid", "day", "late", "rate", "stage",
                         "notes", "counts", "row.name"});
    CHECK(kinds == Names{"text", "whole number", "text", "whole number", "whole number", "time", "true or false",
                         "number", "whole number", "JSON", "JSON", "text"});
    CHECK(columns_of<Country, Only>().front().name == "country");
    CHECK(columns_of<id<Row>, Only>().front().name == "key");
    CHECK(columns_of<std::string, Only>().front().name == "key");
}

TEST_CASE("every column is found in the JSON of a row", "[projections][columns]")
{
    const Row row{{"York", {500}},
                  Pence{7},
                  std::chrono::sys_days{std::chrono::year{2011} / 12 / 9},
                  true,
                  0.5,
                  Stage::closed,
                  {"a"},
                  {{"b", 1}},
                  "x"};
    const auto json = nlohmann::json::parse(codec<StoredRow<Place, Row>>::to_json({{"attic", 3}, row}));
    const nlohmann::json expected{"attic", 3, "York", 500, 7, "2011-12-09", true, 0.5, 1, {"a"}, json["row"]["counts"],
                                  "x"};
    std::size_t at = 0;
    for (const auto& column : columns_of<Place, Row>()) {
        const nlohmann::json* cell = &json;
        for (const auto& name : column.path) cell = &cell->at(name);
        INFO(column.name);
        CHECK(*cell == expected[at++]);
    }
    const auto one = nlohmann::json::parse(codec<StoredRow<Country, Only>>::to_json({{"France"}, {4}}));
    CHECK(one == nlohmann::json{{"key", "France"}, {"row", {{"only", 4}}}});
}

TEST_CASE("a column of a type with a text form is written and read by it", "[projections][columns]")
{
    const auto columns = columns_of<Place, Row>();
    for (const std::size_t place : {3U, 4U}) { // address.rent, paid
        REQUIRE(columns[place].write != nullptr);
        CHECK(columns[place].write(500) == "500p");
        CHECK(columns[place].read("one") == 1);
        CHECK_FALSE(columns[place].read("two").has_value());
    }
    CHECK(columns[8].write(1) == "closed"); // stage
    CHECK(columns[8].read("open") == 0);
    CHECK_FALSE(columns[8].read("0").has_value());
    CHECK(columns[1].write == nullptr);
}

} // namespace columns_test
