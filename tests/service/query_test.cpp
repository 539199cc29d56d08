#include "query/query.hpp"

#include "projections/people.hpp"

#include <eventloom/framework/cereal_codec.hpp>

#include <limits>
#include <random>

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
            for (const auto& row : page) keys.push_back(row[0].text());
        }));
        return pages;
    }

    Keys keys(const el::QueryText& text) const
    {
        Keys all;
        const auto found = pages(text);
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

// Two tables of the same rows: one with indexes over members, one without any.
struct Measured {
    std::string city;
    double weight = 0;
    float height  = 0;
    std::optional<std::int64_t> floor;
    Day born;
    std::uint64_t large = 0;
};

const auto measure = [](Measured& row, const Joined& event) {
    const auto number = event.balance.value;
    const double odd[]{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                       -std::numeric_limits<double>::infinity(), -0.0};
    row.city   = event.city;
    row.weight = number % 7 < 4 ? odd[number % 7] : static_cast<double>(number % 5) / 10;
    row.height = static_cast<float>(row.weight);
    if (number % 3 > 0) row.floor = number % 4 - 2;
    row.born  = event.born;
    row.large = std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(number % 3);
};

el::Projected<PersonId, Measured> with_indexes()
{
    return el::projection<PersonId, Measured>(
        "with-indexes", 1, el::index("town", &Measured::city, &Measured::born), el::index("weight", &Measured::weight),
        el::index("height", &Measured::height), el::index("floor", &Measured::floor, &Measured::weight),
        el::index("born", &Measured::born), el::index("large", &Measured::large),
        el::index("initial", [](const Measured& row) { return row.city.substr(0, 1); }), measure);
}
el::Projected<PersonId, Measured> without_indexes()
{
    return el::projection<PersonId, Measured>("without-indexes", 1, measure);
}

struct Twice {
    explicit Twice(int people)
    {
        REQUIRE(machine.projections->add(with_indexes()));
        REQUIRE(machine.projections->add(without_indexes()));
        for (int i = 0; i < people; ++i) {
            machine.record({std::to_string(i)}, Joined{{}, "city " + std::to_string(i % 5), {i}, day(i % 11 - 5)});
        }
        REQUIRE(machine.catch_up());
    }

    el::result<Keys> keys(const std::string& projection, const el::QueryText& text) const
    {
        BOOST_OUTCOME_TRY(const auto rows, machine.projections->rows_now(projection));
        BOOST_OUTCOME_TRY(const auto query, el::Query::parse(rows.definition().tables()[0], text));
        Keys keys;
        BOOST_OUTCOME_TRY(query.run(rows, [&](const el::TableRows& page) {
            for (const auto& row : page) keys.push_back(row[0].text());
        }));
        return keys;
    }
    Keys indexed(const std::string& where) const { return keys("with-indexes", {.where = {where}}).value(); }

    // How much of the table with indexes is looked through.
    el::QueryPath path(const std::vector<std::string>& where) const
    {
        const auto rows   = machine.projections->rows_now("with-indexes").value();
        const auto& table = rows.definition().tables()[0];
        std::vector<el::Condition> conditions;
        for (const auto& one : where) conditions.push_back(el::Condition::parse(one, table).value());
        return el::best_path(table, conditions);
    }

    Machine machine;
};

TEST_CASE("what is no number is found, compared and ordered like one, and a float by the digits that it shows",
          "[service][query][numbers]")
{
    const Twice twice{7}; // NaN, Infinity, -Infinity, -0, 0.4, 0, 0.1
    for (const std::string name : {"weight", "height"}) {
        CAPTURE(name);
        CHECK(twice.indexed(name + " = NaN") == Keys{"0"});
        CHECK(twice.indexed(name + " = Infinity") == Keys{"1"});
        CHECK(twice.indexed(name + " = -Infinity") == Keys{"2"});
        CHECK(twice.indexed(name + " = 0") == Keys{"3", "5"});
        CHECK(twice.indexed(name + " = -0.0") == Keys{"3", "5"});
        CHECK(twice.indexed(name + " = 0.4") == Keys{"4"});
        CHECK(twice.indexed(name + " = 0.1") == Keys{"6"});
        CHECK(twice.indexed(name + " > 0.1") == Keys{"0", "1", "4"});
        CHECK(twice.indexed(name + " != NaN").size() == 6);
        CHECK(twice.keys("without-indexes", {.order = name}).value() == Keys{"2", "3", "5", "6", "4", "1", "0"});
        CHECK(twice.keys("without-indexes", {.order = "-" + name}).value() == Keys{"0", "1", "4", "6", "3", "5", "2"});
    }
}

TEST_CASE("a query finds the same rows in the same order with an index as without one", "[service][query][index]")
{
    const Twice twice{300};
    std::mt19937 random{7};
    const auto one_of = [&](const Keys& words) { return words[random() % words.size()]; };
    const Keys numbers{"NaN", "Infinity", "-Infinity", "0", "-0", "0.1", "0.3", "1e-1", "0.2000", "7"};
    const std::vector<std::pair<std::string, Keys>> columns{
        {"city", {"city 1", "city 3", "city", "", "nowhere", "\xEF\xBF\xBD"}},
        {"weight", numbers},
        {"height", numbers},
        {"floor", {"-2", "0", "1", "1.0", "0.5", "99"}},
        {"born", {"1970-01-02", "1969-12-30", "1969-12-30 12:00", "1970-01-01T01:00:00+01:00", "2020-01-01"}},
        {"large", {"18446744073709551615", "18446744073709551614", "18446744073709551616", "-1", "1"}},
        {"key", {"17", "299", "300", "x"}}};
    for (int i = 0; i < 2'000; ++i) {
        el::QueryText text;
        for (auto conditions = 1 + random() % 3; conditions > 0; --conditions) {
            const auto& [column, values] = columns[random() % columns.size()];
            const bool of_text           = column == "city" || column == "key";
            text.where.push_back(
                column + " " +
                one_of(of_text ? Keys{"=", "^=", "<", ">=", "*="} : Keys{"=", "=", "<", "<=", ">", ">=", "!="}) + " " +
                one_of(values));
        }
        if (random() % 4 == 0) text.limit = "3";
        CAPTURE(text.where);
        REQUIRE(twice.keys("with-indexes", text).value() == twice.keys("without-indexes", text).value());
    }
}

TEST_CASE("a condition on the columns of an index, or by its name, looks through that part of the index alone",
          "[service][query][index]")
{
    const Twice twice{50};
    const auto rows   = twice.machine.projections->rows_now("with-indexes").value();
    const auto& table = rows.definition().tables()[0];
    const auto within = [&](const el::QueryPath& path, const std::string& first) {
        return path.span.first == first && path.span.last == el::after_prefix(first);
    };
    CHECK(within(twice.path({"city = city 1"}), table.keys.index("town", el::ordered_key(std::string{"city 1"}))));
    CHECK(within(twice.path({"town = city 1"}), table.keys.index("town", el::ordered_key(std::string{"city 1"}))));
    CHECK(within(twice.path({"born = 1970-01-02", "city = city 1"}),
                 table.keys.index("town", el::ordered_key(std::string{"city 1"}, day(1)))));
    CHECK(within(twice.path({"height = 0.1"}), table.keys.index("height", el::ordered_key(0.1F))));
    CHECK(within(twice.path({"initial = c"}), table.keys.index("initial", el::ordered_key(std::string{"c"}))));
    CHECK(within(twice.path({"key = 7", "city = city 1"}), table.keys.row(el::ordered_key(std::string{"7"}))));
    const auto between = twice.path({"weight >= 0.1", "weight < 0.3"}).span;
    CHECK(between.first == table.keys.index("weight", el::ordered_key(0.1)));
    CHECK(between.last == el::after_prefix(table.keys.index("weight", el::ordered_key(0.3))));
    CHECK(within(twice.path({"weight != 0.1"}), table.keys.row())); // the whole table

    CHECK(twice.indexed("initial = c").size() == 50);
    CHECK(twice.indexed("initial = d").empty());
    const auto refused = [&](std::vector<std::string> where) {
        return twice.keys("with-indexes", {.where = std::move(where)}).error().code;
    };
    CHECK(refused({"initial > c"}) == "wrong-operator");
    CHECK(refused({"initial = c", "initial = c"}) == "several-indexes");
    CHECK(refused({"height = tall"}) == "wrong-value");
    CHECK(refused({"size = 1"}) == "no-such-column");
}

TEST_CASE("an order may name an index over members, and means its first column", "[service][query][index]")
{
    const Twice twice{30};
    const auto ordered = [&](const std::string& order) {
        return twice.keys("with-indexes", {.order = order, .limit = "8"});
    };
    CHECK(ordered("town").value() == ordered("city").value());
    CHECK(ordered("-town").value() == ordered("-city").value());
    CHECK(ordered("-town").value() != ordered("town").value());
    CHECK(ordered("initial").error().code == "no-such-column"); // a function makes its values
}

} // namespace query_test
