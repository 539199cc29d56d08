// What docs/projections.md shows.
#include "projections/read_models.hpp"
#include "projections/sql.hpp"

#include <eventloom/projections/live.hpp>
#include <eventloom/projections/ranges.hpp>
#include <eventloom/projections/testing.hpp>
#include <eventloom/projections/watch.hpp>

#include <range/v3/view/take.hpp>

#include <fstream>

namespace chapter_test {

using namespace chapter;
using el::testing::first_recorded_at;
using el::testing::folding;

const Placed tea_for_ada{{"ada"}, "France", {{{"tea"}, 2, {900}}}};
const Placed cake_for_bob{{"bob"}, "France", {{{"cake"}, 1, {300}}, {{"tea"}, 1, {450}}}};

TEST_CASE("the tests of the chapter on projections", "[projections][docs]")
{
    const OrderId one{"1"};
    const OrderId two{"2"};
    CHECK(folding(order_list()).given(one, tea_for_ada).rows({{one, {{"ada"}, {900}, first_recorded_at, {}}}}));
    CHECK(folding(order_list()).given(one, tea_for_ada, Cancelled{"too dear"}).rows({}));
    CHECK(folding(order_list())
              .given(one, tea_for_ada, Paid{"r-1"})
              .given(two, cake_for_bob, Paid{"r-1"})
              .fails("unique-index-violated"));
    const auto both = folding(sales()).given(one, tea_for_ada).given(two, cake_for_bob);
    CHECK(both.rows<Country, CountrySales>({{{"France"}, {2, {1'650}}}}));
    CHECK(both.rows<Sku, ArticleSales>({{{"tea"}, {3, {1'350}}}, {{"cake"}, {1, {300}}}}));
    CHECK(folding(receipts())
              .given(one, tea_for_ada, Paid{"r-1"})
              .rows({{"r-1", {one, first_recorded_at + std::chrono::seconds{1}}}}));
}

el::result<void> ask(el::Projections& projections, const el::Table<OrderId, OrderRow>& orders,
                     const Sales::Tables& tables)
{
    BOOST_OUTCOME_TRY(const auto order, orders.get(OrderId{"1"})); // std::optional<OrderRow>
    BOOST_OUTCOME_TRY(const auto of_ada, orders.by("customer", CustomerId{"ada"}, {.limit = 20}));
    BOOST_OUTCOME_TRY(const auto a_names, orders.by("customer", el::starting_with{"a"}, {.limit = 20}));
    BOOST_OUTCOME_TRY(const auto paid, orders.one("receipt", std::optional<std::string>{"r-1"}));
    BOOST_OUTCOME_TRY(const auto dear, orders.count_by_range("total", Money{500}, Money{1'000}));

    std::string answer = order->customer.value + " " + std::to_string(of_ada.rows.size()) + " " +
                         std::to_string(a_names.rows.size()) + " " + paid->key.value + " " + std::to_string(dear);

    const auto [by_country, by_article] = el::at_one_moment(tables);
    auto best = rows_of(by_article, {.limit = 256, .backwards = true}).in_order_of("turnover");
    for (const auto& [sku, row] : best | ranges::views::take(1)) {
        answer += " " + sku.value + " " + std::to_string(row.pieces);
    }
    BOOST_OUTCOME_TRY(best.status()); // the end, or an error?
    BOOST_OUTCOME_TRY(const auto france, by_country.get({"France"}));
    CHECK(answer == "ada 1 1 1 2 tea 3");
    CHECK(france->orders == 2);

    BOOST_OUTCOME_TRY(const auto then, projections.as_of("orders", 1)); // after the first event
    BOOST_OUTCOME_TRY(const auto page, then.all(""));
    CHECK(page.rows.size() == 1);
    return el::done();
}

TEST_CASE("the text form of the chapter on projections is read as it is written", "[projections][docs]")
{
    using Form = el::text_form<Money>;
    CHECK(Form::write({900}) == "900 cents");
    CHECK(Form::read("900 cents") == Money{900});
    CHECK_FALSE(Form::read("900").has_value());
    for (const Stage stage : {Stage::placed, Stage::paid}) {
        CHECK(el::text_form<Stage>::read(el::text_form<Stage>::write(stage)) == stage);
    }
    CHECK_FALSE(el::text_form<Stage>::read("1").has_value());
}

TEST_CASE("the questions of the chapter on projections", "[projections][docs]")
{
    people::Machine machine;
    const auto orders = machine.projections->add(order_list()).value();
    const auto tables = machine.projections->add(sales()).value();
    machine.record(OrderId{"1"}, tea_for_ada);
    machine.record(OrderId{"1"}, Paid{"r-1"});
    machine.record(OrderId{"2"}, cake_for_bob);
    REQUIRE(machine.catch_up());
    const auto asked = ask(*machine.projections, orders, tables);
    CHECK(asked);
}

el::result<void> ask_live(const el::EventStore& store)
{
    const auto orders = el::live(store, order_list()); // nothing is read yet
    BOOST_OUTCOME_TRY(const auto rows, orders.now());  // a Table with all that is in the log
    BOOST_OUTCOME_TRY(const auto dear, rows.count_by_range("total", Money{500}, Money{1'000}));
    BOOST_OUTCOME_TRY(const auto order, orders.get(OrderId{"1"})); // one row, as it is now
    CHECK(dear == 1);
    CHECK(order->customer.value == "ada");
    return el::done();
}

TEST_CASE("the live table of the chapter on projections", "[projections][docs]")
{
    people::Machine machine;
    machine.record(OrderId{"1"}, tea_for_ada);
    CHECK(ask_live(*machine.store));
}

// What a web page shows of the orders.
class Page {
public:
    el::result<void> show_all(const el::Table<OrderId, OrderRow>& orders)
    {
        BOOST_OUTCOME_TRY(const auto all, orders.all());
        shown.clear();
        for (const auto& [key, row] : all.rows) show(key, row);
        return el::done();
    }
    void show(const OrderId& order, const OrderRow& row) { shown[order.value] = row.total.cents; }
    void take_away(const OrderId& order) { shown.erase(order.value); }

    std::map<std::string, std::int64_t> shown;
};

el::result<std::shared_ptr<el::Subscription>> follow(const el::Runtime& runtime,
                                                     const el::Table<OrderId, OrderRow>& orders, Page& page)
{
    const auto show = [&page, orders](const el::TableChanges<OrderId, OrderRow>& changes) -> el::result<void> {
        if (changes.read_anew) return page.show_all(orders);
        for (const auto& [order, before, after] : changes.rows) {
            if (after) {
                page.show(order, *after);
            } else {
                page.take_away(order);
            }
        }
        return el::done();
    };
    auto watching = el::watch(runtime.executor, orders, show);
    BOOST_OUTCOME_TRY(page.show_all(orders)); // after el::watch, so that no change is missed
    return watching;
}

TEST_CASE("the page of the chapter on projections shows the orders as they change", "[projections][docs]")
{
    people::Machine machine;
    const auto orders = machine.add(order_list()).value();
    machine.record(OrderId{"1"}, tea_for_ada);
    REQUIRE(machine.catch_up());
    Page page;
    const auto watching = follow(machine.runtime, orders, page);
    REQUIRE(watching);
    CHECK(page.shown == std::map<std::string, std::int64_t>{{"1", 900}});
    machine.record(OrderId{"2"}, cake_for_bob);
    machine.record(OrderId{"1"}, Cancelled{"too dear"});
    REQUIRE(machine.catch_up());
    machine.simulated.run_until_idle();
    CHECK(page.shown == std::map<std::string, std::int64_t>{{"2", 750}});
}

el::result<el::Table<OrderId, OrderRow>> kept_for_sql(el::Projections& projections)
{
    BOOST_OUTCOME_TRY(const auto orders, projections.add(order_list(), {.kept_in = el::RowPlace::sqlite}));
    return orders;
}

el::result<el::Table<OrderId, OrderRow>> kept_in_the_log(el::Projections& projections)
{
    BOOST_OUTCOME_TRY(const auto orders, projections.add(order_list(), {.kept_in = el::RowPlace::log}));
    return orders;
}

TEST_CASE("the inline projection of the chapter lets one receipt pay one order", "[projections][docs][inline]")
{
    people::Machine machine;
    const auto orders = kept_in_the_log(*machine.projections).value();
    machine.record(OrderId{"1"}, tea_for_ada);
    machine.record(OrderId{"2"}, cake_for_bob);
    machine.record(OrderId{"1"}, Paid{"r-1"});
    CHECK(orders.get(OrderId{"1"}).value()->receipt == "r-1");
    const auto second = machine.store->append(machine.recording<Order>(OrderId{"2"}, Paid{"r-1"}));
    CHECK(second.error().code == "unique-index-violated");
    CHECK(machine.store->head() == 3);
}

TEST_CASE("a projection of the chapter parks what it cannot handle", "[projections][docs]")
{
    people::Machine machine;
    auto& projections = *machine.projections;
    const auto added  = projections.add(order_list(), {.on_failure = el::OnFailure::park,
                                                       .restarts = {.times = 5, .first_wait = std::chrono::seconds{1}}});
    machine.record(OrderId{"1"}, tea_for_ada);
    machine.record(OrderId{"2"}, cake_for_bob);
    machine.record(OrderId{"1"}, Paid{"r-1"});
    machine.record(OrderId{"2"}, Paid{"r-1"}); // a receipt that is taken
    REQUIRE(machine.catch_up());
    CHECK_FALSE(added.value().get(OrderId{"2"}).value()->receipt.has_value());
    CHECK(projections.dead_letters("orders").value().front().error.code == "unique-index-violated");
}

struct Question {
    std::string sql;
    sql::Lines answer;
};

// The lines of the chapter's SQL: a question, and after `-- ` its answer.
std::vector<Question> sql_of_the_chapter()
{
    std::ifstream chapter{CHAPTER};
    std::vector<Question> questions;
    bool inside = false;
    for (std::string line; std::getline(chapter, line);) {
        if (line.starts_with("```")) {
            inside = line == "```sql";
        } else if (inside && line.starts_with("-- ")) {
            questions.back().answer.push_back(line.substr(3));
        } else if (inside) {
            questions.push_back({line, {}});
        }
    }
    return questions;
}

TEST_CASE("the SQL of the chapter on projections answers what the chapter says", "[projections][docs][sqlite]")
{
    people::Machine machine;
    REQUIRE(kept_for_sql(*machine.projections));
    machine.record(OrderId{"1"}, tea_for_ada);
    machine.record(OrderId{"1"}, Paid{"r-1"});
    machine.record(OrderId{"2"}, cake_for_bob);
    REQUIRE(machine.catch_up());
    sql::Sql file{machine.directory.path() + "/orders/generation-1/orders.sqlite"};
    const auto questions = sql_of_the_chapter();
    CHECK(questions.size() == 3);
    for (const auto& question : questions) CHECK(file.ask(question.sql) == question.answer);
}

} // namespace chapter_test
