// What was changed by hand with SQL is found, and named.
#include "projections/sql.hpp"

namespace sqlite_verify_test {

using namespace people;
using sql::Sql;

std::string file_of(const Machine& machine)
{
    return machine.directory.path() + "/directory/generation-1/directory.sqlite";
}

// Two people, whose rows were then changed so.
std::vector<std::string> found_after(const std::string& change)
{
    Machine machine{el::RowPlace::sqlite};
    REQUIRE(machine.add(directory()));
    machine.record({"ada"}, Joined{{}, "York", {5}, day(1)});
    machine.record({"bob"}, Joined{{}, "Hull's", {6}, day(2)});
    REQUIRE(machine.catch_up());
    Sql{file_of(machine)}.ask(change);
    std::vector<std::string> sentences;
    const auto verified = machine.projections->verify("directory").value();
    for (const auto& difference : verified.differences) {
        sentences.push_back(difference.sentence);
    }
    return sentences;
}

bool has(const std::string& text, const std::string& part)
{
    INFO(text);
    return text.find(part) != std::string::npos;
}

TEST_CASE("verify names the row and the column that was changed with SQL", "[projections][sqlite][verify]")
{
    const auto found = found_after("UPDATE directory SET city = 'Paris' WHERE key = 'bob'");
    REQUIRE(found.size() == 1);
    CHECK(has(found.front(), "the column city is 'Paris'"));
    CHECK(has(found.front(), "bob"));
    CHECK(has(found.front(), "Hull's"));
}

TEST_CASE("verify sees a number that became another, or nothing, with SQL", "[projections][sqlite][verify]")
{
    CHECK(found_after("UPDATE directory SET balance = balance + 1").size() == 2);
    CHECK(found_after("UPDATE directory SET balance = NULL WHERE key = 'ada'").size() == 1);
    CHECK(found_after("UPDATE directory SET balance = balance").empty());
}

TEST_CASE("verify finds rows and index entries that were removed or added with SQL", "[projections][sqlite][verify]")
{
    const auto missing = found_after("DELETE FROM directory WHERE key = 'ada'");
    REQUIRE(missing.size() == 1);
    CHECK(has(missing.front(), "is missing from the read model"));
    CHECK(has(missing.front(), "ada"));
    CHECK_FALSE(found_after("DELETE FROM _eventloom_entries").empty());
    CHECK(found_after("INSERT INTO directory (key, _key, _stored) VALUES ('eve', x'65', x'65')").size() == 1);
}

TEST_CASE("a row whose column was changed with SQL is put right by a repair", "[projections][sqlite][repair]")
{
    Machine machine{el::RowPlace::sqlite};
    REQUIRE(machine.add(directory()));
    machine.record({"ada"}, Joined{{}, "York", {5}, day(1)});
    machine.record({"bob"}, Joined{{}, "Hull", {6}, day(2)});
    REQUIRE(machine.catch_up());
    Sql{file_of(machine)}.ask("UPDATE directory SET city = 'Paris' WHERE key = 'bob'");
    REQUIRE(machine.projections->repair("directory", {{}, "bob"}));
    CHECK(Sql{file_of(machine)}.ask("SELECT key, city FROM directory") == sql::Lines{"ada|York", "bob|Hull"});
    CHECK(machine.projections->verify("directory").value().differences_total == 0);
}

} // namespace sqlite_verify_test
