// Keys of rows as they are typed, where a struct in the key has functions of its own for cereal.
#include "service/serving.hpp"

#include <eventloom/framework/cereal_codec.hpp>

#include <nlohmann/json.hpp>

namespace typed_keys_test {

using namespace eventloom;
using namespace eventloom::testing;
using Json = nlohmann::json;

struct Seat {
    std::string row;
    std::int32_t number = 0;

    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(row, number);
    }
};
struct Place {
    std::string hall;
    Seat seat;
};

// In each hall the seat whose number is the amount.
Projected<Place, Sum> places()
{
    return projection<Place, Sum>("places", 1, from<Counter>(), keyed_by([](const Added& event) {
                                      return Place{"north", {"a/b", event.amount}};
                                  }),
                                  [](Sum& sum, const Added& event) { sum.value += event.amount; });
}

struct Theatre {
    Theatre()
    {
        serving.more = [this](Service& service) {
            auto added = service.projections().add(places());
            REQUIRE(added);
            rows.emplace(std::move(added.value()));
        };
        serving.console.look = [this] {
            if (serving.console.looks > 1) return;
            for (const int amount : {5, 7, 5}) serving.add(amount);
            found_under = rows->count_under(std::tuple{std::string{"north"}, Seat{"a/b", 7}}).value();
        };
        REQUIRE(type({"serve"}) == 0);
    }

    int type(const std::vector<std::string>& words)
    {
        rows.reset(); // it has the rows of the command before open
        return serving.type(words);
    }

    Json json(std::vector<std::string> words)
    {
        words.emplace_back("--json");
        INFO(serving.console.said_err);
        REQUIRE(type(words) == 0);
        return Json::parse(serving.console.said_out);
    }

    std::string code(std::vector<std::string> words)
    {
        words.emplace_back("--json");
        REQUIRE(type(words) == 1);
        return Json::parse(serving.console.said_err)["error"]["code"];
    }

    Serving serving;
    std::optional<Table<Place, Sum>> rows;
    std::uint64_t found_under = 0;
};

TEST_CASE("a struct within a key that has functions of its own is typed by its members, and asked for by them",
          "[service][projections][keys]")
{
    Theatre theatre;
    CHECK(theatre.found_under == 1);
    const auto explained = theatre.json({"projections", "explain", "places", "north/a\\/b/5"});
    CHECK(explained["events"] == 2);
    CHECK(explained["row"]["row"]["value"] == 10);
    CHECK(theatre.json({"projections", "rebuild", "places", "--partition", "north/a\\/b/7"})["row"] == "as it was");
    CHECK(theatre.code({"projections", "explain", "places", "north/5"}) == "not-a-key");
    CHECK(theatre.serving.console.said_err.find("a key of this table is: text/text/whole number") != std::string::npos);
}

TEST_CASE("a column whose type has functions of its own is shown, and not compared: the sentence says why",
          "[service][query]")
{
    Theatre theatre;
    CHECK(theatre.json({"query", "places", "--where", "hall = north", "--columns", "value"}) ==
          Json::parse(R"([{"value": 10}, {"value": 7}])"));
    CHECK(theatre.json({"query", "places", "--columns", "seat"}).size() == 2);
    CHECK(theatre.code({"query", "places", "--where", "seat = a/5"}) == "column-of-own-form");
    CHECK(theatre.code({"query", "places", "--order", "seat"}) == "column-of-own-form");
}

} // namespace typed_keys_test
