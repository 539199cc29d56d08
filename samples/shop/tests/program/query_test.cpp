// `query` as a person or a script types it, on a small shop.
#include "program.hpp"

#include <algorithm>

namespace query_test {

using namespace shop::testing;

using Names = std::vector<std::string>;

// Three orders, of which the last is cancelled for want of stock.
class SmallShop {
public:
    SmallShop()
    {
        do_this({"stock", "receive", "tea", "50"});
        do_this({"stock", "receive", "cup", "2000"});
        do_this({"orders", "place", "1", "--customer", "ada", "--country", "France", "--line", "tea:2:4.50"});
        do_this({"orders", "place", "2", "--customer", "Bob \"B\", Ltd", "--line", "cup:1200:3.00"});
        do_this({"orders", "place", "3", "--customer", "ada", "--country", "=1+1", "--line", "tea:49:4.50"});
    }

    Finished ask(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.begin(), "query");
        return run(directory_, arguments);
    }

    // The column of the rows that are answered.
    Names column(const std::string& name, std::vector<std::string> arguments) const
    {
        arguments.emplace_back("--json");
        const auto finished = ask(std::move(arguments));
        INFO(finished.errors);
        REQUIRE(finished.exit_code == 0);
        Names values;
        const auto rows = finished.json();
        for (const auto& row : rows)
            values.push_back(row[name].is_string() ? row[name].get<std::string>() : row[name].dump());
        return values;
    }

private:
    void do_this(std::vector<std::string> arguments) const
    {
        const auto finished = run(directory_, std::move(arguments));
        INFO(finished.errors);
        REQUIRE(finished.exit_code == 0);
    }

    TemporaryDirectory directory_;
};

TEST_CASE("query filters, orders, limits and chooses columns", "[shop][query][process]")
{
    const SmallShop shop;
    CHECK(shop.column("key", {"orders"}) == Names{"1", "2", "3"});
    CHECK(shop.column("key", {"orders", "--where", "key = 2"}) == Names{"2"});
    CHECK(shop.column("key", {"orders", "--where", "key = 4"}).empty());
    CHECK(shop.column("key", {"orders", "--where", "key = 2", "--where", "stage = waiting"}).empty());
    CHECK(shop.column("key", {"orders", "--where", "customer = ada", "--where", "stage != waiting"}) == Names{"1"});
    CHECK(shop.column("key", {"orders", "--where", "customer=Bob \"B\", Ltd"}) == Names{"2"});
    CHECK(shop.column("key", {"orders", "--where", "customer ^= Bob"}) == Names{"2"});
    CHECK(shop.column("key", {"orders", "--where", "customer *= d"}) == Names{"1", "2", "3"});
    CHECK(shop.column("key", {"orders", "--where", "receipt = \"\""}) == Names{"3"});
    // Amounts are typed in pounds, and compared by size: as texts, 220.50 would come before 9.00.
    CHECK(shop.column("key", {"orders", "--where", "total >= 220.50"}) == Names{"2", "3"});
    CHECK(shop.column("key", {"orders", "--where", "total < 9.01"}) == Names{"1"});
    CHECK(shop.column("total", {"orders", "--order", "total"}) == Names{"900", "22050", "360000"});
    CHECK(shop.column("key", {"orders", "--order", "-total", "--limit", "2"}) == Names{"2", "3"});
    CHECK(shop.column("key", {"orders", "--order", "customer"}) == Names{"2", "1", "3"});
    CHECK(shop.column("key", {"orders", "--order", "-customer"}) == Names{"1", "3", "2"}); // equals stay in key order
    CHECK(shop.column("key", {"orders", "--limit", "1"}) == Names{"1"});
    CHECK(shop.column("key", {"orders", "--limit", "0"}).empty());
    CHECK(shop.column("key", {"orders", "--where", "placed_at > 2999-01-01"}).empty());
    CHECK(shop.column("key", {"orders", "--where", "placed_at < 2999-01-01 12:00"}).size() == 3);
    CHECK(shop.column("country", {"sales.by-country", "--where", "country = France"}) == Names{"France"});
    // A key of two columns, whole and in part.
    CHECK(shop.column("description", {"lines", "--where", "invoice_no = 1", "--where", "line = 1"}).size() == 1);
    CHECK(shop.column("line", {"lines", "--where", "invoice_no = 1"}) == Names{"1"});
    CHECK(shop.column("line", {"lines", "--where", "invoice_no = 1", "--where", "line = 1.0"}) == Names{"1"});
    CHECK(shop.column("key", {"payments.by-order", "--where", "refunded_at != 2011-12-09"}).size() == 2);
    CHECK(shop.column("key", {"payments.by-order", "--where", "refunded_at < 2999-01-01"}).empty());

    const auto some = shop.ask({"orders", "--columns", "total,key", "--where", "key = 2", "--json"});
    CHECK(some.output == "[\n{\"total\":360000,\"key\":\"2\"}\n]\n");
    CHECK(shop.ask({"orders", "--where", "key = 4", "--json"}).output == "[]\n");
}

TEST_CASE("query answers people with amounts and times as they are typed", "[shop][query][process]")
{
    const SmallShop shop;
    const auto table = shop.ask({"orders", "--where", "key = 2", "--columns", "key,pieces,total,day"}).output;
    CHECK(table.find("key  pieces    total  day") == 0);
    CHECK(table.find("1,200  3600.00  20") != std::string::npos);
    CHECK(table.find("time_since_epoch") == std::string::npos);
    const auto empty = shop.ask({"orders", "--where", "key = 4", "--columns", "key,total"}).output;
    CHECK(empty == "key  total\n---  -----\n");
}

TEST_CASE("query writes CSV by RFC 4180, and text that looks like a formula as it is", "[shop][query][process]")
{
    const SmallShop shop;
    CHECK(shop.ask({"orders", "--csv", "--columns", "key,customer,country,pieces,total"}).output ==
          "key,customer,country,pieces,total\r\n"
          "1,ada,France,2,9.00\r\n"
          "2,\"Bob \"\"B\"\", Ltd\",United Kingdom,1200,3600.00\r\n"
          "3,ada,=1+1,49,220.50\r\n");
    CHECK(shop.ask({"orders", "--csv", "--columns", "key", "--limit", "0"}).output == "key\r\n");
}

TEST_CASE("query without a table lists every table with its columns and indexes", "[shop][query][process]")
{
    const SmallShop shop;
    const auto tables = shop.ask({"--json"}).json();
    Names names;
    for (const auto& table : tables) names.push_back(table["table"]);
    CHECK(names == Names{"orders", "lines", "stock", "customers", "sales.total", "sales.by-country", "sales.by-month",
                         "sales.by-article", "payments.by-order", "payments.by-day", "timeline"});
    CHECK(tables[1]["columns"][0] == nlohmann::json{{"name", "invoice_no"}, {"type", "text"}, {"key", true}});
    CHECK(tables[1]["columns"][6] == nlohmann::json{{"name", "invoice_date"}, {"type", "time"}, {"key", false}});
    CHECK(tables[2]["indexes"] == nlohmann::json::array({{{"name", "on-hand"}, {"unique", false}}}));
    const auto for_people = shop.ask({}).output;
    CHECK(for_people.find("sales.by-article\n    columns: key, description, sold.orders, sold.pieces") !=
          std::string::npos);
    CHECK(for_people.find("indexes: customer, stage, day") != std::string::npos);
}

TEST_CASE("a query that cannot be answered is refused in one sentence with a code of its own", "[shop][query][process]")
{
    const SmallShop shop;
    struct Case {
        std::vector<std::string> arguments;
        std::string code;
        std::string says;
    };
    const std::vector<Case> cases{
        {{"ordres"}, "no-such-table", "sales.by-country"},
        {{"sales"}, "no-such-table", "sales.by-country"},
        {{"sales.by-colour"}, "no-such-table", "sales.by-country"},
        {{"orders.by-day"}, "no-such-table", "orders"},
        {{"orders", "--where", "colour = red"}, "no-such-column", "placed_at"},
        {{"orders", "--order", "-colour"}, "no-such-column", "placed_at"},
        {{"orders", "--columns", "key,,total"}, "no-such-column", "placed_at"},
        {{"orders", "--where", "total"}, "malformed-where", ">="},
        {{"orders", "--where", "= 5"}, "malformed-where", ">="},
        {{"orders", "--where", "total ! 5"}, "malformed-where", ">="},
        {{"orders", "--where", " "}, "malformed-where", ">="},
        {{"orders", "--where", "total = dear"}, "wrong-value", "total"},
        {{"orders", "--where", "total = 1.005"}, "wrong-value", "total"},
        {{"orders", "--where", "pieces > "}, "wrong-value", "pieces"},
        {{"orders", "--where", "pieces > nan"}, "wrong-value", "pieces"},
        {{"orders", "--where", "day = yesterday"}, "wrong-value", "day"},
        {{"orders", "--where", "total ^= 9"}, "wrong-operator", "total"},
        {{"orders", "--limit", "-5"}, "wrong-usage", "-5"},
        {{"orders", "--limit", "many"}, "wrong-usage", "many"},
        {{"--limit", "5"}, "no-table-named", "query"},
        {{"orders", "--csv"}, "csv-and-json", "--csv"},
    };
    for (auto [arguments, code, says] : cases) {
        arguments.emplace_back("--json");
        const auto finished = shop.ask(arguments);
        INFO(arguments.back() << " " << finished.errors);
        CHECK(finished.exit_code == (code == "wrong-usage" ? 2 : 1));
        CHECK(finished.output.empty());
        const auto error = nlohmann::json::parse(finished.errors)["error"];
        CHECK(error["code"] == code);
        CHECK(error["sentence"].get<std::string>().find(says) != std::string::npos);
    }
    const auto unknown = shop.ask({"orders", "--where", "colour = red"});
    CHECK(std::count(unknown.errors.begin(), unknown.errors.end(), '\n') == 1);
}

} // namespace query_test
