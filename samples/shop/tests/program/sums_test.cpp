// The shop's tables against sums over the file that was imported, by code that shares nothing with the importer or the tables:
// it reads the CSV itself, applies the rules that the importer documents (import.hpp), and asks the program.
#include "program.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace sums_test {

using namespace shop::testing;
using Fields = std::vector<std::string>;
using Json   = nlohmann::json;

// Records of a CSV text; a quoted field may hold commas, quotes and line breaks.
std::vector<Fields> records_of(const std::string& csv)
{
    std::vector<Fields> records;
    Fields fields{""};
    bool quoted = false;
    for (std::size_t at = 0; at < csv.size(); ++at) {
        const char c = csv[at];
        if (c == '"' && quoted && at + 1 < csv.size() && csv[at + 1] == '"') {
            fields.back() += csv[++at];
        } else if (c == '"') {
            quoted = not quoted;
        } else if (c == ',' && not quoted) {
            fields.emplace_back();
        } else if (c == '\n' && not quoted) {
            records.push_back(std::exchange(fields, {""}));
        } else if (c != '\r' || quoted) {
            fields.back() += c;
        }
    }
    return records;
}

struct Row {
    std::string invoice, sku, description;
    long quantity = 0;
    std::string date; // as the file has it
    long pence = 0;   // of one
    std::string customer, country;

    bool is_return() const { return invoice[0] == 'C'; }
    bool is_write_off() const { return not is_return() && quantity < 0; }
    bool is_order() const { return not is_return() && quantity > 0; }
    long worth() const { return std::abs(quantity) * pence; }
};

std::string trimmed(const std::string& text)
{
    const auto first = text.find_first_not_of(' ');
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// The rows that can be taken. The first row of an invoice says who, where and when for its order or return.
std::vector<Row> rows_of_file()
{
    std::ostringstream content;
    content << std::ifstream{sample()}.rdbuf();
    std::vector<Row> rows;
    std::map<std::string, Row> first;
    for (const auto& fields : records_of(content.str())) {
        REQUIRE(fields.size() == 8);
        if (fields[0] == "InvoiceNo") continue;
        const double pence = std::stod(fields[5]) * 100;
        if (std::abs(pence - std::round(pence)) > 0.001 || pence < 0) continue; // no whole pence
        auto customer = fields[6].substr(0, fields[6].find('.'));
        if (customer.empty() || customer == "0") customer = "guest";
        Row row{fields[0], trimmed(fields[1]), trimmed(fields[2]), std::stol(fields[3]),
                fields[4], std::lround(pence), customer,           trimmed(fields[7])};
        const Row& said = first.try_emplace(row.invoice, row).first->second;
        if (not row.is_write_off()) {
            row.date     = said.date;
            row.customer = said.customer;
            row.country  = said.country;
        }
        rows.push_back(row);
    }
    return rows;
}

struct Sum {
    std::set<std::string> orders;
    long pieces = 0, turnover = 0, returned = 0;
};

template <class KeyOf>
std::map<std::string, Sum> sums_by(const std::vector<Row>& rows, const KeyOf& key_of)
{
    std::map<std::string, Sum> sums;
    for (const Row& row : rows) {
        if (row.is_write_off()) continue;
        Sum& sum = sums[key_of(row)];
        if (row.is_return()) {
            sum.returned += row.worth();
        } else {
            sum.orders.insert(row.invoice);
            sum.pieces += row.quantity;
            sum.turnover += row.worth();
        }
    }
    return sums;
}

class Shop {
public:
    Shop()
    {
        const auto imported = run(directory_, {"import", sample(), "--json"});
        INFO(imported.errors);
        REQUIRE(imported.exit_code == 0);
        report = imported.json();
    }

    std::string answer(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.begin(), "query");
        const auto finished = run(directory_, arguments);
        INFO(finished.errors);
        REQUIRE(finished.exit_code == 0);
        return finished.output;
    }
    Json rows(std::vector<std::string> arguments) const
    {
        arguments.emplace_back("--json");
        return Json::parse(answer(std::move(arguments)));
    }

    Json report;

private:
    TemporaryDirectory directory_;
};

void check_sales(const Json& rows, const std::map<std::string, Sum>& sums, const char* key,
                 const std::string& prefix = "")
{
    CHECK(rows.size() == sums.size());
    for (const auto& row : rows) {
        INFO(row.dump());
        const auto sum = sums.find(row[key]);
        REQUIRE(sum != sums.end());
        CHECK(row[prefix + "orders"] == sum->second.orders.size());
        CHECK(row[prefix + "pieces"] == sum->second.pieces);
        CHECK(row[prefix + "turnover"] == sum->second.turnover);
        CHECK(row[prefix + "cancelled"] == 0);
        CHECK(row[prefix + "returned"] == sum->second.returned);
        CHECK(row[prefix + "net"] == sum->second.turnover - sum->second.returned);
    }
}

// The largest values of a column of the articles, with their articles; equal ones in the order of the articles.
template <class Of>
std::vector<std::pair<long, std::string>> best(const std::map<std::string, Sum>& articles, const Of& of)
{
    std::vector<std::pair<long, std::string>> best;
    for (const auto& [sku, sum] : articles) best.emplace_back(-of(sum), sku);
    std::sort(best.begin(), best.end());
    best.resize(10);
    return best;
}

void check_best_sellers(const Shop& shop, const std::map<std::string, Sum>& articles)
{
    const auto pieces   = best(articles, [](const Sum& sum) { return sum.pieces; });
    const auto turnover = best(articles, [](const Sum& sum) { return sum.turnover; });
    const auto check    = [&](const auto& expected, const std::string& column) {
        const auto rows = shop.rows({"sales.by-article", "--order", "-" + column, "--limit", "10"});
        REQUIRE(rows.size() == 10);
        for (std::size_t place = 0; place < 10; ++place) {
            CHECK(rows[place]["key"] == expected[place].second);
            CHECK(rows[place][column] == -expected[place].first);
        }
    };
    check(pieces, "sold.pieces");
    check(turnover, "sold.turnover");
}

void check_customers(const Shop& shop, const std::map<std::string, Sum>& customers)
{
    const auto rows = shop.rows({"customers"});
    CHECK(rows.size() == customers.size());
    for (const auto& row : rows) {
        INFO(row.dump());
        const Sum& sum = customers.at(row["key"]);
        CHECK(row["orders"] == sum.orders.size());
        CHECK(row["ordered"] == sum.turnover);
        CHECK(row["returned"] == sum.returned);
        CHECK(row["lifetime_value"] == sum.turnover - sum.returned);
    }
}

void check_stock(const Shop& shop, const std::vector<Row>& file)
{
    struct Moved {
        long shipped = 0, returned = 0, written_off = 0;
    };
    std::map<std::string, Moved> moved;
    for (const Row& row : file) {
        Moved& of = moved[row.sku];
        if (row.is_order()) of.shipped += row.quantity;
        if (row.is_return()) of.returned -= row.quantity;
        if (row.is_write_off()) of.written_off -= row.quantity;
    }
    constexpr long opening_stock = 100'000; // of each article, as `import --help` says
    const auto rows              = shop.rows({"stock"});
    CHECK(rows.size() == moved.size());
    for (const auto& row : rows) {
        INFO(row.dump());
        const Moved& of = moved.at(row["key"]);
        CHECK(row["received"] == opening_stock);
        CHECK(row["shipped"] == of.shipped);
        CHECK(row["returned"] == of.returned);
        CHECK(row["written_off"] == of.written_off);
        CHECK(row["reserved"] == 0);
        CHECK(row["on_hand"] == opening_stock - of.shipped - of.written_off + of.returned);
    }
}

std::string money(long pence)
{
    const std::string cents = std::to_string(pence % 100);
    return std::to_string(pence / 100) + "." + (cents.size() == 1 ? "0" : "") + cents;
}

// Every row of the file comes out again with all its columns, in CSV.
void check_lines(const Shop& shop, const std::vector<Row>& file)
{
    auto answered = records_of(
        shop.answer({"lines", "--csv", "--columns",
                     "invoice_no,stock_code,description,quantity,invoice_date,unit_price,customer_id,country"}));
    REQUIRE_FALSE(answered.empty());
    CHECK(answered.front() == Fields{"invoice_no", "stock_code", "description", "quantity", "invoice_date",
                                     "unit_price", "customer_id", "country"});
    answered.erase(answered.begin());
    std::vector<Fields> expected;
    for (const Row& row : file) {
        auto date = row.date;
        date[10]  = 'T';
        expected.push_back({row.invoice, row.sku, row.description, std::to_string(row.quantity), date + "Z",
                            money(row.pence), row.customer, row.country});
    }
    std::sort(answered.begin(), answered.end());
    std::sort(expected.begin(), expected.end());
    CHECK(answered.size() == expected.size());
    const auto [first, second] = std::mismatch(answered.begin(), answered.end(), expected.begin(), expected.end());
    if (first != answered.end() && second != expected.end()) CHECK(*first == *second);
    CHECK(answered == expected);
}

void check_orders(const Shop& shop, const std::vector<Row>& file)
{
    struct Order {
        std::string customer, day;
        long lines = 0, total = 0;
    };
    std::map<std::string, Order> orders;
    std::map<std::string, long> per_day;
    for (const Row& row : file) {
        if (not row.is_order()) continue;
        Order& order   = orders[row.invoice];
        order.customer = row.customer;
        order.day      = row.date.substr(0, 10);
        ++order.lines;
        order.total += row.worth();
    }
    for (const auto& [number, order] : orders) ++per_day[order.day];
    const auto rows = shop.rows({"orders"});
    CHECK(rows.size() == orders.size());
    for (const auto& row : rows) {
        INFO(row.dump());
        const Order& order = orders.at(row["key"]);
        CHECK(row["customer"] == order.customer);
        CHECK(row["day"] == order.day);
        CHECK(row["stage"] == "completed");
        CHECK(row["lines"] == order.lines);
        CHECK(row["total"] == order.total);
    }
    const auto busiest =
        *std::max_element(per_day.begin(), per_day.end(), [](auto& a, auto& b) { return a.second < b.second; });
    CHECK(shop.rows({"orders", "--where", "day = " + busiest.first}).size() ==
          static_cast<std::size_t>(busiest.second));
}

void check_payments(const Shop& shop, long orders, long turnover)
{
    long payments = 0, taken = 0;
    for (const auto& day : shop.rows({"payments.by-day"})) {
        payments += day["payments"].get<long>();
        taken += day["taken"].get<long>();
        CHECK(day["refunds"] == 0);
    }
    CHECK(payments == orders);
    CHECK(taken == turnover);
    CHECK(shop.rows({"payments.by-order"}).size() == static_cast<std::size_t>(orders));
}

void check_timeline(const Shop& shop, const std::vector<Row>& file)
{
    std::set<std::string> articles;
    for (const Row& row : file) {
        if (row.invoice == "536365") articles.insert(row.sku);
    }
    std::map<std::string, std::size_t> events;
    const auto entries = shop.rows({"timeline", "--where", "number = 536365"});
    REQUIRE_FALSE(entries.empty());
    for (const auto& entry : entries) ++events[entry["event"]];
    CHECK(entries.front()["event"] == "order-placed");
    CHECK(events == std::map<std::string, std::size_t>{{"order-placed", 1},
                                                       {"stock-reserved", articles.size()},
                                                       {"payment-taken", 1},
                                                       {"shipment-arranged", 1},
                                                       {"order-completed", 1},
                                                       {"stock-dispatched", articles.size()}});
}

TEST_CASE("every table of the shop agrees with sums over the imported file", "[shop][query][process]")
{
    const auto file = rows_of_file();
    const Shop shop;
    CHECK(shop.report["rows_taken"] == file.size());

    const auto whole = sums_by(file, [](const Row&) { return std::string{"all"}; });
    check_sales(shop.rows({"sales.total"}), whole, "of");
    check_sales(shop.rows({"sales.by-country"}), sums_by(file, [](const Row& row) { return row.country; }), "country");
    check_sales(shop.rows({"sales.by-month"}), sums_by(file, [](const Row& row) { return row.date.substr(0, 7); }),
                "month");
    const auto articles = sums_by(file, [](const Row& row) { return row.sku; });
    check_sales(shop.rows({"sales.by-article"}), articles, "key", "sold.");
    check_best_sellers(shop, articles);
    check_customers(shop, sums_by(file, [](const Row& row) { return row.customer; }));
    check_stock(shop, file);
    check_lines(shop, file);
    check_orders(shop, file);
    const Sum& all = whole.at("all");
    check_payments(shop, static_cast<long>(all.orders.size()), all.turnover);
    check_timeline(shop, file);
}

} // namespace sums_test
