#include "projections/people.hpp"

#include <eventloom/framework/cereal_codec.hpp>
#include <eventloom/projections/testing.hpp>

#include <sstream>

namespace testing_test {

using namespace people;
using el::testing::folding;

const PersonId ada{"ada"};
const PersonId bob{"bob"};
const Joined joined_york{"ada@example.org", "York", Pence{5}, day(1)};
const Entry ada_in_york{"ada@example.org", "York", Pence{5}, day(1)};
const Entry ada_in_hull{"ada@example.org", "Hull", Pence{5}, day(1)};

std::string said(const el::testing::Verdict& verdict)
{
    std::ostringstream text;
    text << verdict;
    return text.str();
}

TEST_CASE("a projection is tested in a line: events are given, rows are expected", "[projections][testing]")
{
    CHECK(folding(directory()).rows({}));
    CHECK(folding(directory()).given(ada, joined_york).rows({{ada, ada_in_york}}));
    CHECK(folding(directory()).given(ada, joined_york, Moved{"Hull"}).rows({{ada, ada_in_hull}}));
    CHECK(folding(directory()).given(ada, joined_york, Left{"tired"}).rows({}));
    CHECK(folding(directory())
              .given(bob, Moved{"Hull"})
              .given(ada, joined_york)
              .rows({{ada, ada_in_york}, {bob, {{}, "Hull", {}, {}}}}));
    CHECK(folding(directory()).given(ada, joined_york).given(bob, joined_york).fails("unique-index-violated"));
    const auto two = folding(census()).given(ada, joined_york).given(bob, Joined{{}, "York", {6}, day(2)});
    CHECK(two.rows<CityName, City>({{{"York"}, {2, {11}}}}));
    CHECK(two.rows<PersonId, Entry>({{ada, ada_in_york}, {bob, {{}, "York", {6}, day(2)}}}));
}

TEST_CASE("a test of a projection that fails says why", "[projections][testing]")
{
    const auto one = folding(directory()).given(ada, joined_york);
    CHECK(said(one.rows({})).find("a row that was not expected: {\"key\": \"ada\"") == 0);
    CHECK(said(one.rows({{ada, ada_in_hull}})).find("a row other than expected: {\"key\": \"ada\"") == 0);
    CHECK(said(one.rows({{ada, ada_in_york}, {bob, {}}})) == "no row with the key bob");
    CHECK(said(one.fails("anything")) == "the events were folded without an error");
    const auto twice = one.given(bob, joined_york);
    CHECK(said(twice.fails("anything")).find("it failed otherwise: event 2 (person-bob, version 0)") == 0);
    CHECK(said(twice.given(bob, Left{"x"}).fails("unique-index-violated")).find("it failed before the last event") ==
          0);
    CHECK(said(twice.rows({})).find("unique index") != std::string::npos);
}

TEST_CASE("a handler that is not deterministic is found by folding twice", "[projections][testing]")
{
    const auto counting =
        el::projection<PersonId, City>("counting", 1, [calls = std::make_shared<int>(0)](City& row, const Joined&) {
            row.people = ++*calls; // what no rebuild would give again
        });
    const auto verdict = folding(counting).given(ada, joined_york).rows({{ada, {1, {}}}});
    CHECK_FALSE(verdict);
    CHECK(verdict.why.find("found other rows the second time") != std::string::npos);
}

// A row whose codec forgets what it holds.
struct Forgetful {
    std::int64_t kept      = 0;
    std::int64_t forgotten = 0;

    template <class Archive>
    void serialize(Archive& archive)
    {
        archive(kept);
    }
};

TEST_CASE("a row whose codec loses something is found by folding twice", "[projections][testing]")
{
    const auto forgetting = el::projection<PersonId, Forgetful>(
        "forgetting", 1, [](Forgetful& row, const Joined&) { row.kept = ++row.forgotten; });
    CHECK(folding(forgetting).given(ada, joined_york).rows({{ada, {1, 0}}}));
    CHECK_FALSE(folding(forgetting).given(ada, joined_york, joined_york).rows({{ada, {2, 0}}}));
}

TEST_CASE("a handler that asks for the record sees where and when an event happened", "[projections][testing]")
{
    const auto when =
        el::projection<PersonId, City>("when", 1, [](City& row, const Joined&, const el::RecordedEvent& where) {
            row.people        = static_cast<std::int64_t>(where.version);
            row.balance.value = (where.recorded_at - el::testing::first_recorded_at) / std::chrono::seconds{1};
        });
    CHECK(folding(when)
              .given(bob, joined_york)
              .given(ada, joined_york, joined_york)
              .rows({{bob, {0, {0}}}, {ada, {1, {2}}}}));
}

} // namespace testing_test
