#include "import/csv_rows.hpp"
#include "import/import.hpp"
#include "shop.hpp"
#include "support/every_store.hpp"

#include <eventloom/projections/table.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

namespace import_test {

using namespace shop;
using el::testing::TemporaryDirectory;

struct ImportMachine {
    el::SystemExecutor executor;
    el::Runtime runtime{el::system_clock(), executor, el::system_ids(), el::system_files()};
    TemporaryDirectory directory;
    std::unique_ptr<Shop> shop = open();

    std::unique_ptr<Shop> open()
    {
        auto opened = Shop::open(runtime, directory.path() + "/data", {}, true);
        REQUIRE(opened);
        REQUIRE(opened.value()->service().start());
        return std::move(opened.value());
    }
    std::string file(const std::string& content) const
    {
        const auto path = directory.path() + "/file.csv";
        std::ofstream{path, std::ios::binary} << content;
        return path;
    }
    el::result<ImportReport> import(const std::string& path, const ImportOptions& options = {})
    {
        auto report = import_file(path, options, shop->service().commands(), runtime.executor);
        REQUIRE(shop->finish_everything());
        return report;
    }
};

const std::string header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

std::string row(const std::string& invoice, const std::string& quantity = "1", const std::string& price = "1.00",
                const std::string& date = "2010-12-01 08:26:00")
{
    return invoice + ",85123A,THING," + quantity + "," + date + "," + price + ",17850.0,United Kingdom\n";
}

// The sample again, counted by code that shares nothing with the importer.
struct Count {
    std::uint64_t rows = 0, refused = 0, write_offs = 0;
    std::set<std::string> orders, returns;
    std::int64_t turnover = 0, returned = 0; // pence
    std::map<std::string, std::int64_t> by_country, by_month, by_sku;
};

Count count_by_hand(const std::string& path)
{
    Count count;
    std::ifstream file{path};
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::vector<std::string> fields{""};
        bool quoted = false;
        for (const char c : line) {
            if (c == '"') {
                quoted = not quoted;
            } else if (c == ',' && not quoted) {
                fields.emplace_back();
            } else if (c != '\r') {
                fields.back() += c;
            }
        }
        ++count.rows;
        const long quantity = std::atol(fields[3].c_str());
        const double pounds = std::atof(fields[5].c_str());
        const auto pence    = static_cast<std::int64_t>(pounds * 100 + 0.5);
        if (pounds * 100 - static_cast<double>(pence) > 0.01 || static_cast<double>(pence) - pounds * 100 > 0.01) {
            ++count.refused;
            continue;
        }
        if (fields[0][0] == 'C') {
            count.returns.insert(fields[0]);
            count.returned += -quantity * pence;
        } else if (quantity < 0) {
            ++count.write_offs;
        } else {
            count.orders.insert(fields[0]);
            count.turnover += quantity * pence;
            count.by_country[fields[7]] += quantity * pence;
            count.by_month[fields[4].substr(0, 7)] += quantity * pence;
            count.by_sku[fields[1]] += quantity * pence;
        }
    }
    return count;
}

template <class Key, class Row>
std::map<std::string, std::int64_t> turnover_by(const el::Table<Key, Row>& table)
{
    std::map<std::string, std::int64_t> found;
    const auto page = table.all().value();
    for (const auto& [key, row] : page.rows) {
        const Sales* sales = nullptr;
        if constexpr (std::is_same_v<Row, Sales>) {
            sales = &row;
        } else {
            sales = &row.sold;
        }
        if (sales->orders > 0) found[el::key_text(key)] = sales->turnover.pence;
    }
    return found;
}

TEST_CASE("the sample is imported to the penny, and a second time to no effect", "[shop][import]")
{
    const std::string sample = SHOP_DATA;
    const Count count        = count_by_hand(sample);
    ImportMachine machine;
    const auto report = machine.import(sample);
    REQUIRE(report);
    CHECK(report.value().rows_read == count.rows);
    CHECK(report.value().rows_refused == count.refused);
    CHECK(report.value().rows_taken == count.rows - count.refused);
    CHECK(report.value().orders == count.orders.size());
    CHECK(report.value().returns == count.returns.size());
    CHECK(report.value().write_offs == count.write_offs);
    CHECK(report.value().turnover.pence == count.turnover);
    CHECK(report.value().returned.pence == count.returned);
    CHECK(report.value().known == 0);
    const auto& [total, by_country, by_month, by_article] = machine.shop->sales();
    CHECK(turnover_by(total)["all"] == count.turnover);
    CHECK(turnover_by(by_country) == count.by_country);
    CHECK(turnover_by(by_month) == count.by_month);
    CHECK(turnover_by(by_article) == count.by_sku);

    const auto head   = machine.shop->service().store().head();
    const auto before = by_article.all().value().rows;
    const auto again  = machine.import(sample);
    REQUIRE(again);
    CHECK(again.value().known == count.orders.size() + count.returns.size() + count.write_offs);
    CHECK(again.value().turnover.pence == count.turnover);
    CHECK(machine.shop->service().store().head() == head);
    CHECK(el::same(before, by_article.all().value().rows));
}

TEST_CASE("rows of one invoice make one order, also when they do not stand together", "[shop][import]")
{
    ImportMachine machine;
    const auto report =
        machine.import(machine.file(header + row("1") + row("2") + row("1", "2") + row("C3", "-1") + row("1", "-4")));
    REQUIRE(report);
    CHECK(report.value().orders == 2);
    CHECK(report.value().returns == 1);
    CHECK(report.value().write_offs == 1);
    CHECK(machine.shop->orders().get(OrderId{"1"}).value()->pieces == 3);
    const auto level = *machine.shop->stock().get(Sku{"85123A"}).value();
    CHECK(level.written_off == 4);
    CHECK(level.returned == 1);
    CHECK(level.received == level.on_hand + level.reserved + level.shipped + level.written_off - level.returned);
}

TEST_CASE("a row that cannot be taken is named with its line, and stops none of the others", "[shop][import][damage]")
{
    const std::vector<std::string> bad{
        row("2", "0"),
        row("2", "many"),
        row("2", "1.5"),
        row("2", "99999999999999999999"),
        row("2", "1", "free"),
        row("2", "1", "-1.00"),
        row("2", "1", "0.001"),
        row("2", "1", "1.00", "yesterday"),
        row("2", "1", "1.00", "2010-13-01 08:26:00"),
        row("2", "1", "1.00", "2010-02-30 08:26"),
        row("C2", "1"),
        row(""),
        "2,85123A\n",
        "2,85123A,\"never closed,1,2010-12-01 08:26:00,1.00,1,UK\n",
        "2,85123A,a\"b,1,2010-12-01 08:26:00,1.00,1,UK\n",
        row("a\x01"
            "b"),
        row(std::string(100, '9')),
        std::string(2'000'000, 'x') + "\n",
        std::string("\0\0\0\n", 4),
    };
    for (const auto& one : bad) {
        ImportMachine machine;
        const auto report = machine.import(machine.file(header + row("1") + one + row("3")));
        INFO("the row " << one.substr(0, 80));
        REQUIRE(report);
        CHECK(report.value().rows_read == 3);
        CHECK(report.value().rows_refused == 1);
        CHECK(report.value().orders == 2);
        REQUIRE(report.value().refused.size() == 1);
        CHECK(report.value().refused[0].line == 3);
        CHECK_FALSE(report.value().refused[0].reason.empty());
    }
}

TEST_CASE("what tills and spreadsheets write is understood", "[shop][import]")
{
    ImportMachine machine;
    const auto path =
        machine.file("\xEF\xBB\xBF"
                     "Country,InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\r\n"
                     "France,1,A1,\"CUPS, \"\"BLUE\"\"\",2,12/1/2010 8:26,2.5,17850.0\r\n"
                     "France,1,A2,\"two\nlines\",1,12/1/2010 8:26,1,17850\r\n"
                     "\r\n"
                     "France,2,A3,CAF\xC9 \xA3"
                     "5,1,2010-12-01 08:26,0,\r\n");
    const auto report = machine.import(path, {.dialect = {.dates = DateOrder::mdy, .decimal = {}}});
    REQUIRE(report);
    CHECK(report.value().rows_taken == 3);
    CHECK(report.value().turnover == Money{600});
    const auto order = *machine.shop->orders().get(OrderId{"1"}).value();
    CHECK(order.customer == CustomerId{"17850"});
    CHECK(order.country == "France");
    CHECK(order.placed_at == BusinessTime{std::chrono::sys_days{std::chrono::year{2010} / 12 / 1} +
                                          std::chrono::hours{8} + std::chrono::minutes{26}});
    CHECK(machine.shop->orders().get(OrderId{"2"}).value()->customer == CustomerId{"guest"});
}

TEST_CASE("a file that is no Online Retail, or is not there, is an error and imports nothing", "[shop][import]")
{
    ImportMachine machine;
    CHECK(machine.import(machine.directory.path() + "/none.csv").error().code == "cannot-read-file");
    CHECK(machine.import(machine.directory.path()).error().code == "cannot-read-file");
    CHECK(machine.import(machine.file("")).error().code == "not-online-retail");
    CHECK(machine.import(machine.file("a,b,c\n1,2,3\n")).error().code == "not-online-retail");
    CHECK(machine.shop->service().store().head() == 0);
}

TEST_CASE("a real month with the day first is booked into that month, or not at all", "[shop][import][dialect]")
{
    ImportMachine machine;
    std::string rows = header;
    for (int day = 1; day < 10; ++day) {
        rows += row(std::to_string(day), "1", "1.00", std::to_string(day) + "/12/2010 8:26");
    }
    const auto refused = machine.import(machine.file(rows));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "ambiguous-dates");
    CHECK(machine.shop->service().store().head() == 0);

    const auto path   = machine.file(rows + row("10", "1", "1.00", "23/12/2010 8:26"));
    const auto report = machine.import(path);
    REQUIRE(report);
    CHECK(report.value().rows_refused == 0);
    const std::map<std::string, std::int64_t> december{{"2010-12", 1000}};
    CHECK(turnover_by(std::get<2>(machine.shop->sales())) == december);
    // Again, and after the shop was opened anew, the same.
    CHECK(machine.import(path).value().known == 10);
    machine.shop.reset();
    machine.shop = machine.open();
    CHECK(machine.import(path).value().known == 10);
    CHECK(turnover_by(std::get<2>(machine.shop->sales())) == december);
}

TEST_CASE("a file of which more than damage cannot be read is refused whole, unless the rest is asked for",
          "[shop][import][dialect]")
{
    ImportMachine machine;
    std::string rows = header;
    for (int i = 0; i < 270; ++i) rows += i % 9 == 0 ? row(std::to_string(i), "six") : row(std::to_string(i));
    const auto path    = machine.file(rows);
    const auto refused = machine.import(path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "too-many-rows-refused");
    CHECK(refused.error().sentence.find(
              "30 of its 270 rows cannot be read; the first that cannot is line 2: the quantity "
              "\"six\"") != std::string::npos);
    CHECK(machine.shop->service().store().head() == 0);
    const auto report = machine.import(path, {.dialect = {}, .skip_unreadable = true});
    REQUIRE(report);
    CHECK(report.value().rows_taken == 240);

    const auto none = machine.import(machine.file(header + row("1", "six")), {.dialect = {}, .skip_unreadable = true});
    REQUIRE_FALSE(none);
    CHECK(none.error().code == "no-row-taken");
}

TEST_CASE("empty rows, as spreadsheets leave them, are no rows", "[shop][import]")
{
    ImportMachine machine;
    const auto report = machine.import(machine.file(header + row("1") + ",,,,,,,\n , ,,,,,,\n" + row("2") + ",,,\n"));
    REQUIRE(report);
    CHECK(report.value().rows_read == 2);
    CHECK(report.value().rows_refused == 0);
}

TEST_CASE("whatever bytes a file holds, every row is taken or named", "[shop][import][fuzz]")
{
    ImportMachine machine;
    std::mt19937 random{7}; // the same bytes every time
    const std::string pieces[]{
        "\"", ",", "\n", "\r", "1", "-", "C", ".", "\xff", std::string(1, '\0'), "2010-12-01 08:26:00", row("5")};
    int imported = 0;
    for (int round = 0; round < 200; ++round) {
        std::string content = header;
        for (int i = 0; i < 60; ++i) content += pieces[random() % std::size(pieces)];
        const auto report = import_file(machine.file(content), {.dialect = {}, .skip_unreadable = true},
                                        machine.shop->service().commands(), machine.runtime.executor);
        INFO("round " << round);
        if (not report) {
            CHECK(report.error().code == "no-row-taken");
            continue;
        }
        ++imported;
        CHECK(report.value().rows_read == report.value().rows_taken + report.value().rows_refused);
    }
    CHECK(imported > 100);
}

} // namespace import_test
