// Rows with numbers that are none, wherever they are kept.
#include "projections/people.hpp"
#include "projections/sql.hpp"

#include <eventloom/framework/cereal_codec.hpp>

#include <limits>

namespace odd_numbers_test {

using namespace people;
using Names = std::vector<std::string>;

struct Weighed {
    double weight = 0;
    float height  = 0;
};

double weight_of(const std::string& city)
{
    if (city == "nowhere") return std::numeric_limits<double>::quiet_NaN();
    if (city == "above") return std::numeric_limits<double>::infinity();
    if (city == "below") return -std::numeric_limits<double>::infinity();
    return city == "zero" ? -0.0 : 0.3;
}

el::Projected<PersonId, Weighed> weights()
{
    return el::projection<PersonId, Weighed>("weights", 1, el::index("weight", &Weighed::weight),
                                             el::index("both", &Weighed::height, &Weighed::weight),
                                             [](Weighed& row, const Joined& event) {
                                                 row.weight = weight_of(event.city);
                                                 row.height = static_cast<float>(row.weight);
                                             });
}

struct Scale {
    explicit Scale(const Way& way) : machine{way}, rows{machine.add(weights()).value()}
    {
        for (const auto& city : {"nowhere", "above", "below", "zero", "York"}) {
            machine.record({city}, Joined{{}, city, {}, day(1)});
        }
        REQUIRE(machine.catch_up());
    }

    static Names names(const el::result<el::Page<PersonId, Weighed>>& page)
    {
        Names names;
        for (const auto& [key, row] : page.value().rows) names.push_back(key.value);
        return names;
    }

    Machine machine;
    el::Table<PersonId, Weighed> rows;
};

TEST_CASE(
    "what is no number has its place in an index, is found there, and differs from nothing, wherever rows are kept",
    "[projections][numbers]")
{
    const auto way = GENERATE(from_range(every_way));
    CAPTURE(way);
    Scale scale{way};
    CHECK(Scale::names(scale.rows.in_order_of("weight")) == Names{"below", "zero", "York", "above", "nowhere"});
    CHECK(Scale::names(scale.rows.by("weight", std::numeric_limits<double>::quiet_NaN())) == Names{"nowhere"});
    CHECK(Scale::names(scale.rows.by("weight", std::numeric_limits<double>::infinity())) == Names{"above"});
    CHECK(Scale::names(scale.rows.by("weight", 0.0)) == Names{"zero"});
    CHECK(Scale::names(scale.rows.by("both", std::tuple{0.3F, 0.3})) == Names{"York"});
    const auto shown = scale.machine.projections->rows_now("weights").value();
    CHECK(shown.row({{}, "nowhere"}).value() == R"({"key": "nowhere","row": {"weight": "NaN","height": "NaN"}})");
    CHECK(shown.row({{}, "York"}).value() == R"({"key": "York","row": {"weight": 0.3,"height": 0.3}})");
    CHECK(scale.machine.projections->verify("weights").value().differences_total == 0);
}

TEST_CASE("in SQL NaN is a text after all numbers, infinity a number, and a float has its own digits",
          "[projections][numbers][sqlite]")
{
    const Scale scale{Way{el::RowPlace::sqlite}};
    sql::Sql file{scale.machine.directory.path() + "/weights/generation-1/weights.sqlite"};
    CHECK(file.ask("SELECT key FROM weights ORDER BY weight") ==
          sql::Lines{"below", "zero", "York", "above", "nowhere"});
    CHECK(file.ask("SELECT weight FROM weights WHERE key = 'nowhere'") == sql::Lines{"NaN"});
    CHECK(file.ask("SELECT key FROM weights WHERE height = 0.3 OR weight = 9e999") == sql::Lines{"York", "above"});
    CHECK(file.ask("SELECT count(*) FROM weights WHERE weight IS NULL") == sql::Lines{"0"});
}

} // namespace odd_numbers_test
