#include "query.hpp"

#include "projections/people.hpp"

namespace query_test {

using namespace people;
using Keys = std::vector<std::string>;

// So many people, each a pound richer than the one before; every third has an address.
struct Asked {
    explicit Asked(int people)
    {
        REQUIRE(machine.projections->add(directory()));
        for (int i = 0; i < people; ++i) {
            const auto number = std::to_string(1'000 + i);
            const auto email  = i % 3 == 0 ? std::optional{number + "@example.org"} : std::nullopt;
            machine.record({number}, Joined{email, "city " + std::to_string(i % 2), {100 * i}, day(i)});
        }
        REQUIRE(machine.catch_up());
        rows.emplace(machine.projections->rows_now("directory").value());
        table = &rows->definition().tables()[0];
    }

    // The keys that a query finds, a page each.
    el::result<std::vector<Keys>> pages(const el::QueryText& text, std::size_t most_ordered = 100'000) const
    {
        BOOST_OUTCOME_TRY(const auto query, el::Query::parse(*table, text, most_ordered));
        std::vector<Keys> pages;
        BOOST_OUTCOME_TRY(query.run(*rows, [&](const el::TableRows& page) {
            auto& keys = pages.emplace_back();
            for (const auto& row : page) keys.push_back(row[0]);
        }));
        return pages;
    }

    Keys keys(const el::QueryText& text) const
    {
        Keys all;
        const auto found = pages(text);
        INFO((found ? "" : found.error().sentence));
        REQUIRE(found);
        for (const auto& page : found.value()) all.insert(all.end(), page.begin(), page.end());
        return all;
    }

    Machine machine;
    std::optional<el::RowsAsJson> rows;
    const el::TableDescription* table = nullptr;
};

TEST_CASE("without an order rows come a page at a time, each once, in the order of their keys", "[service][query]")
{
    const Asked asked{600};
    const auto pages = asked.pages({}).value();
    std::vector<std::size_t> sizes;
    for (const auto& page : pages) sizes.push_back(page.size());
    CHECK(sizes == std::vector<std::size_t>{256, 256, 88});
    const auto keys = asked.keys({});
    CHECK(std::is_sorted(keys.begin(), keys.end()));
    CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
    CHECK(asked.keys({.limit = "257"}).size() == 257);
}

TEST_CASE("an order holds as many rows as are wanted, and refuses to hold more than it may", "[service][query]")
{
    const Asked asked{30};
    CHECK(asked.pages({.order = "balance"}, 29).error().code == "too-many-rows-to-order");
    CHECK(asked.pages({.order = "balance"}, 30));
    CHECK(asked.pages({.order = "balance", .limit = "11"}, 10).error().code == "too-many-rows-to-order");
    CHECK(asked.pages({.order = "-balance", .limit = "2"}, 10).value() == std::vector<Keys>{{"1029", "1028"}});
    CHECK(asked.pages({.where = {"city = city 1"}, .order = "balance"}, 15));
    CHECK(asked.keys({.order = "-born", .limit = "3"}) == Keys{"1029", "1028", "1027"});
}

TEST_CASE("a column without a value is unlike every value, and stands first", "[service][query]")
{
    const Asked asked{4};
    CHECK(asked.keys({.where = {"email != 1000@example.org"}}) == Keys{"1001", "1002", "1003"});
    CHECK(asked.keys({.where = {"email = \"\""}}).empty());
    CHECK(asked.keys({.where = {"email < z"}}) == Keys{"1000", "1003"});
    CHECK(asked.keys({.where = {"email *= 3@"}}) == Keys{"1003"});
    CHECK(asked.keys({.order = "email"}) == Keys{"1001", "1002", "1000", "1003"});
    CHECK(asked.keys({.order = "-email"}) == Keys{"1003", "1000", "1001", "1002"});
}

TEST_CASE("numbers and times are compared as what they are", "[service][query]")
{
    const Asked asked{12};
    CHECK(asked.keys({.where = {"balance < 250.5"}}) == Keys{"1000", "1001", "1002"});
    CHECK(asked.keys({.where = {"balance >= 1000"}}) == Keys{"1010", "1011"}); // as texts, 900 is more
    CHECK(asked.keys({.where = {"balance = 1e2"}}) == Keys{"1001"});
    CHECK(asked.keys({.where = {"born = 1970-01-03"}}) == Keys{"1002"});
    CHECK(asked.keys({.where = {"born > 1970-01-10 12:00"}}) == Keys{"1010", "1011"});
    CHECK(asked.keys({.where = {"born ^= 1970-01-1"}}) == Keys{"1009", "1010", "1011"});
}

} // namespace query_test
