#include "commands.hpp"

#include "import/import.hpp"
#include "listing.hpp"
#include "orders/order.hpp"
#include "payments/payment.hpp"
#include "returns/order_return.hpp"
#include "shipping/shipment.hpp"
#include "stock/stock_item.hpp"

#include <eventloom/framework/utf8.hpp>
#include <eventloom/service/output.hpp>

#include <fmt/core.h>

#include <charconv>

namespace shop {

namespace {

constexpr el::Duration patience = std::chrono::hours{1};

// "85123A:6:2.55": article, pieces, price of one.
el::result<orders::Line> parse_line(const std::string& text)
{
    const auto bad = [&](std::string_view why) {
        return el::fail(el::Failure::invalid, "wrong-line",
                        "read the line " + el::in_quotes(text) + " and found that " + std::string{why} +
                            "; write it SKU:PIECES:PRICE, as in 85123A:6:2.55");
    };
    const auto first  = text.find(':');
    const auto second = text.find(':', first == std::string::npos ? first : first + 1);
    if (first == std::string::npos || second == std::string::npos) return bad("it has not three parts");
    if (text.find_first_not_of(' ') == first) return bad("it has no article");
    orders::Line line{.sku = Sku{text.substr(0, first)}, .description = {}, .quantity = 0, .price = {}};
    const std::string_view pieces = std::string_view{text}.substr(first + 1, second - first - 1);
    if (std::from_chars(pieces.data(), pieces.data() + pieces.size(), line.quantity).ptr != pieces.end() ||
        line.quantity < 1 || line.quantity > 1'000'000'000) {
        return bad("the pieces are no number from 1 to a thousand million");
    }
    const auto price = parse_money(std::string_view{text}.substr(second + 1));
    if (not price) return bad("the price is not an amount of money in whole pence");
    line.price = *price;
    return line;
}

el::result<void> show_report(el::Output& out, const ImportReport& report)
{
    Json properties{{"rows_read", report.rows_read},
                    {"rows_taken", report.rows_taken},
                    {"rows_refused", report.rows_refused},
                    {"orders", report.orders},
                    {"returns", report.returns},
                    {"write_offs", report.write_offs},
                    {"turnover", shown(out, report.turnover)},
                    {"returned", shown(out, report.returned)},
                    {"known_before", report.known},
                    {"mixed_invoices", report.mixed_invoices}};
    if (out.json()) {
        auto refused = Json::array();
        for (const auto& row : report.refused) refused.push_back({{"line", row.line}, {"reason", row.reason}});
        properties["refused"] = refused;
        for (const auto& [what, found] : report.dialect) properties["dialect"][what] = found;
    }
    out.say("The file was read as");
    for (const auto& [what, found] : report.dialect) out.say("  " + what + ": " + el::printable(found));
    out.properties(properties);
    constexpr std::size_t shown_at_most = 20;
    for (std::size_t i = 0; i < std::min(shown_at_most, report.refused.size()); ++i) {
        out.say(
            fmt::format("line {} was refused: {}", report.refused[i].line, el::printable(report.refused[i].reason)));
    }
    if (report.refused.size() > shown_at_most) {
        out.say("... --json lists " +
                std::string{report.refused.size() == report.rows_refused ? "them all." : "more."});
    }
    return el::done();
}

// The same, with sagas and projections at work.
el::result<Shop*> open_and_start(el::CommandLine& line)
{
    BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>(true));
    BOOST_OUTCOME_TRY(shop->service().start());
    return shop;
}

el::result<void> finish_everything(Shop& shop, el::Output& out)
{
    auto& service = shop.service();
    el::Progress progress{out.console(), service.runtime().clock, "letting sagas finish"};
    return shop.finish_everything([&] { return progress.at(service.store().head(), 0); });
}

// What the command has done is seen by whoever looks.
el::result<void> show_in_read_models(const el::CommandLine& line, Shop& shop, el::Output& out)
{
    return shop.service().wait_for(shop.service().store().head(), line.runtime().clock.now() + patience,
                                   [&out] { return out.console().go_on(); });
}

} // namespace

el::result<void> finish_receipt(const el::CommandLine& line, Shop& shop, el::Output& out)
{
    return line.is_running_service() ? show_in_read_models(line, shop, out) : finish_everything(shop, out);
}

namespace {

void say_what_is_waited_for(Shop& shop, const OrderId& order, std::string_view how, std::string_view name,
                            el::Output& out)
{
    const auto found     = shop.service().sagas().find("fulfilment", order.value);
    const auto waits_for = found && found.value() ? found.value()->waits_for : std::string{};
    out.warn(fmt::format("{} order {}{}", how, order.value, waits_for.empty() ? "" : ", which waits for " + waits_for),
             name, {{"order", order.value}, {"waits for", waits_for}});
}

// Where no service runs nobody else makes the next attempts. So they are waited for, but not until a provider works again.
el::result<void> finish_for_a_while(el::CommandLine& line, Shop& shop, const OrderId& order, el::Output& out)
{
    const auto& clock    = line.runtime().clock;
    const el::Time begun = clock.now();
    bool is_said         = false;
    const auto go_on     = [&] {
        if (not is_said && clock.now() - begun >= std::chrono::seconds{2}) {
            is_said = true;
            say_what_is_waited_for(shop, order, "waiting for", "waiting_for", out);
        }
        return out.console().go_on();
    };
    auto finished = shop.service().finish(begun + std::chrono::minutes{1}, go_on);
    if (finished || finished.error().code != "not-settled") return finished;
    say_what_is_waited_for(shop, order,
                           "what was asked for is recorded, and goes on when the shop runs; no longer waiting for",
                           "not_waited_for", out);
    return el::done();
}

el::result<void> finish_order(el::CommandLine& line, Shop& shop, const OrderId& order, el::Output& out)
{
    if (not line.is_running_service()) return finish_for_a_while(line, shop, order, out);
    // Each follows from the one before. Nobody knows when an order is approved, the goods come, or the provider works again.
    for (const auto* const saga : {"fulfilment", "backorder", "resumption"}) {
        BOOST_OUTCOME_TRY(line.let_saga_settle(out, shop.service(), saga, order.value));
    }
    return el::done();
}

} // namespace

void reads(el::CommandLine& line, el::Command command, el::CommandLine::Action action)
{
    line.on(command, std::move(action), el::DirectoryUse::reading);
}

void add_shop(el::CommandLine& line)
{
    const auto options = std::make_shared<ShopOptions>();
    options->engine    = &line.engine();
    line.opens([options](const el::Runtime& runtime, const std::string& directory,
                         bool create_if_missing) -> el::result<std::unique_ptr<el::OpenService>> {
        BOOST_OUTCOME_TRY(auto shop, Shop::open(runtime, directory, *options, create_if_missing));
        return std::unique_ptr<el::OpenService>{std::move(shop)};
    });
    line.knows(el::event_types<orders::Order>());
    line.knows(el::event_types<stock::StockItem>());
    line.knows(el::event_types<payments::Payment>());
    line.knows(el::event_types<shipping::Shipment>());
    line.knows(el::event_types<returns::OrderReturn>());
    const auto app = line.app();
    line.used_when_opening(app.add_option("--decline-rate", options->decline_rate,
                                          "The share of cards that the payment provider declines, 0 to 1")
                               .check(el::rate()));
    line.used_when_opening(app.add_option("--fail-rate", options->fail_rate,
                                          "The share of its calls that fail and are tried again, 0 to 0.99")
                               .check(el::rate(0.99)));
    line.used_when_opening(app.add_option_function(
                                  "--answer-delay",
                                  [options](const std::string& span) {
                                      options->answer_delay = el::parse_span(span).value_or(el::Duration{});
                                  },
                                  "Its answers come up to so long after it has done its work: 2s")
                               .check(el::span_of_time()));
    line.used_when_opening(
        app.add_option("--seed", options->seed,
                       "The seed of these: with the same seed the same cards and calls fail, and answers are late"));
    add_import(line);
    add_orders(line);
    add_stock(line);
    add_sales(line);
    add_returns(line);
    add_provider(line);
    add_demo(line, options);
}

void add_import(el::CommandLine& line)
{
    struct Arguments {
        std::string file;
        ImportOptions options;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto command   = line.app().add_subcommand("import", "Import the invoices of an Online Retail CSV file");
    command.add_option("file", arguments->file, "The file; - is standard input").required();
    command
        .add_option("--opening-stock", arguments->options.opening_stock,
                    "How many pieces of each article to receive first (default 100000)")
        .check(el::whole_number(0, 1'000'000'000'000));
    auto& known = arguments->options.dialect;
    command
        .add_option_function(
            "--dates",
            [&known](const std::string& order) {
                known.dates = order == "dmy" ? DateOrder::dmy : order == "mdy" ? DateOrder::mdy : DateOrder::ymd;
            },
            "The order of day, month and year, if the file does not show it")
        .check(el::one_of({"dmy", "mdy", "ymd"}));
    command
        .add_option_function(
            "--decimal",
            [&known](const std::string& mark) {
                known.decimal = mark == "point" ? DecimalMark::point : DecimalMark::comma;
            },
            "The decimal mark of its numbers, if the file does not show it")
        .check(el::one_of({"point", "comma"}));
    command.add_flag("--skip-unreadable", arguments->options.skip_unreadable,
                     "Import the rest even if more than a tenth of the rows cannot be read");
    line.on(command, [&line, arguments](el::Output& out) -> el::result<void> {
        el::Progress progress{out.console(), line.runtime().clock, "importing"};
        const auto show = [&](std::uint64_t at, std::uint64_t total) { return progress.at(at, total); };
        // A file that cannot be read leaves no data behind.
        BOOST_OUTCOME_TRY(const auto file, line.file_to_read(arguments->file));
        BOOST_OUTCOME_TRY(auto plan, plan_import(file, arguments->options, show));
        BOOST_OUTCOME_TRY(auto* const shop, open_and_start(line));
        BOOST_OUTCOME_TRY(const auto report,
                          import_file(std::move(plan), shop->service().commands(), line.runtime().executor, show));
        progress.finish();
        BOOST_OUTCOME_TRY(finish_everything(*shop, out));
        return show_report(out, report);
    });
}

void add_orders(el::CommandLine& line)
{
    struct Arguments {
        std::string number;
        std::string customer;
        std::string country = "United Kingdom";
        std::string stage;
        std::string reason = "asked by the customer";
        std::string by;
        std::vector<std::string> lines;
        bool no_wait      = false;
        std::size_t limit = 1'000'000'000;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto orders    = line.app().add_subcommand("orders", "Orders: place, approve, cancel, list, show, timeline");
    orders.require_subcommand();

    const auto place = orders.add_subcommand(
        "place", "Place an order and wait until it is completed or cancelled, or waits: for a delivery, say");
    place.add_option("order", arguments->number, "The order's number").required().check(el::identifier());
    place.add_option("--customer", arguments->customer, "The customer's id (default guest)").check(el::identifier());
    place.add_option("--country", arguments->country, "The country to deliver to (default United Kingdom)");
    place.add_option("--line", arguments->lines, "SKU:PIECES:PRICE, once for each line")
        .required()
        .check({[](std::string& word) {
            const auto line = parse_line(word);
            return line ? "" : line.error().sentence;
        }});
    place.add_flag("--no-wait", arguments->no_wait, "Do not wait for more than that the order is accepted");
    line.on(place, [&line, arguments](el::Output& out) -> el::result<void> {
        orders::Place command{.customer  = CustomerId{arguments->customer.empty() ? "guest" : arguments->customer},
                              .country   = arguments->country,
                              .placed_at = std::chrono::floor<std::chrono::seconds>(line.runtime().clock.now()),
                              .lines     = {}};
        for (const auto& text : arguments->lines) {
            BOOST_OUTCOME_TRY(auto line, parse_line(text));
            command.lines.push_back(std::move(line));
        }
        BOOST_OUTCOME_TRY(auto* const shop, open_and_start(line));
        BOOST_OUTCOME_TRY(shop->service().commands().send(OrderId{arguments->number}, command));
        BOOST_OUTCOME_TRY(arguments->no_wait ? show_in_read_models(line, *shop, out)
                                             : finish_order(line, *shop, OrderId{arguments->number}, out));
        return show_order(out, *shop, arguments->number);
    });

    const auto approve = orders.add_subcommand("approve", "Approve a large order, which waits for it");
    approve.add_option("order", arguments->number, "The order's number").required();
    approve.add_option("--by", arguments->by, "Who approves it").required();
    line.on(approve, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        BOOST_OUTCOME_TRY(shop->service().commands().send(OrderId{arguments->number}, orders::Approve{arguments->by}));
        BOOST_OUTCOME_TRY(shop->service().start());
        BOOST_OUTCOME_TRY(finish_order(line, *shop, OrderId{arguments->number}, out));
        return show_order(out, *shop, arguments->number);
    });

    const auto list = orders.add_subcommand("list", "All orders, or those of one customer or stage");
    list.add_option("--customer", arguments->customer, "Only those of this customer");
    list.add_option("--stage", arguments->stage, "Only those in this stage")
        .check(el::one_of({"placed", "waiting", "completed", "cancelled"}));
    list.add_option("--limit", arguments->limit, "At most this many").check(el::whole_number());
    line.on_rows(list, {"orders"}, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        return list_orders(out, *shop, arguments->customer, arguments->stage, arguments->limit);
    });

    const auto show = orders.add_subcommand("show", "One order");
    show.add_option("order", arguments->number, "The order's number").required();
    line.on_rows(show, {"orders"}, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        return show_order(out, *shop, arguments->number);
    });

    const auto timeline = orders.add_subcommand("timeline", "What happened to an order or a return, and when");
    timeline.add_option("order", arguments->number, "Its number").required();
    timeline.add_option("--limit", arguments->limit, "At most this many events").check(el::whole_number(1));
    line.on_rows(timeline, {"timeline"}, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        return show_timeline(out, *shop, arguments->number, arguments->limit);
    });

    const auto cancel =
        orders.add_subcommand("cancel", "Cancel an order that is not completed, and undo what was done for it");
    cancel.add_option("order", arguments->number, "The order's number").required();
    cancel.add_option("--reason", arguments->reason, "Why");
    line.on(cancel, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        BOOST_OUTCOME_TRY(
            shop->service().commands().send(OrderId{arguments->number}, orders::Cancel{arguments->reason}));
        BOOST_OUTCOME_TRY(shop->service().start());
        BOOST_OUTCOME_TRY(finish_order(line, *shop, OrderId{arguments->number}, out));
        return show_order(out, *shop, arguments->number);
    });
}

void add_stock(el::CommandLine& line)
{
    struct Arguments {
        std::string sku;
        std::int64_t quantity = 0;
        std::int64_t below    = 10;
        std::string reference;
        std::size_t limit = 1'000'000'000;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto stock     = line.app().add_subcommand("stock", "Stock: list, low, show, receive");
    stock.require_subcommand();

    const auto list = stock.add_subcommand("list", "All articles");
    list.add_option("--limit", arguments->limit, "At most this many").check(el::whole_number());
    line.on_rows(list, {"stock"}, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        return list_stock(out, *shop, std::nullopt, arguments->limit);
    });

    const auto low = stock.add_subcommand("low", "Articles with few pieces left, the lowest first");
    low.add_option("--below", arguments->below, "Only articles with fewer pieces than this (default 10)")
        .check(el::whole_number());
    low.add_option("--limit", arguments->limit, "At most this many").check(el::whole_number());
    line.on_rows(low, {"stock"}, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        return list_stock(out, *shop, arguments->below, arguments->limit);
    });

    const auto show = stock.add_subcommand("show", "One article");
    show.add_option("sku", arguments->sku, "Its stock code").required();
    line.on_rows(show, {"stock"}, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        return show_stock(out, *shop, arguments->sku);
    });

    const auto receive =
        stock.add_subcommand("receive", "Receive a delivery; orders that wait for it go on, the oldest first");
    receive.add_option("sku", arguments->sku, "The article's stock code").required().check(el::identifier());
    receive.add_option("pieces", arguments->quantity, "How many").required().check(el::whole_number(1, 1'000'000'000));
    receive.add_option("--reference", arguments->reference, "The delivery note");
    line.on(receive, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, open_and_start(line));
        BOOST_OUTCOME_TRY(shop->service().commands().send(Sku{arguments->sku},
                                                          stock::Receive{arguments->quantity, arguments->reference}));
        BOOST_OUTCOME_TRY(finish_receipt(line, *shop, out));
        return show_stock(out, *shop, arguments->sku);
    });
}

} // namespace shop
