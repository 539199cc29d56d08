#include "commands.hpp"

#include "listing.hpp"
#include "returns/asking.hpp"
#include "returns/order_return.hpp"

#include <eventloom/service/output.hpp>

namespace shop {

void add_sales(el::CommandLine& line)
{
    struct Arguments {
        std::string by;
        std::string customer;
        std::size_t limit = 1'000'000'000;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto sales     = line.app().add_subcommand("sales", "Turnover, by country, month or article");
    sales.add_option("--by", arguments->by, "country, month or sku").check(el::one_of({"country", "month", "sku"}));
    sales.add_option("--limit", arguments->limit, "At most this many").check(el::whole_number());
    line.on_rows(sales, {"sales"}, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        return show_sales(out, *shop, arguments->by, arguments->limit);
    });

    const auto customers = line.app().add_subcommand("customers", "Customers: list, show");
    customers.require_subcommand();
    const auto list = customers.add_subcommand("list", "All customers");
    list.add_option("--limit", arguments->limit, "At most this many").check(el::whole_number());
    line.on_rows(list, {"customers"}, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        return list_customers(out, *shop, arguments->limit);
    });
    const auto show = customers.add_subcommand("show", "One customer's account");
    show.add_option("customer", arguments->customer, "The customer's id").required();
    line.on_rows(show, {"customers"}, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        return show_customer(out, *shop, arguments->customer);
    });
}

void add_returns(el::CommandLine& line)
{
    struct Arguments {
        std::string number;
        std::string customer;
        std::string reason;
        std::size_t limit = 1'000'000'000;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto returns   = line.app().add_subcommand("returns", "Returned goods: ask, receive, list, show");
    returns.require_subcommand();

    const auto ask = returns.add_subcommand(
        "ask", "Ask for the return of a completed order; the money is given back when the goods have come");
    ask.add_option("order", arguments->number, "The order's number, which the return has, too").required();
    ask.add_option("--reason", arguments->reason, "Why");
    line.on(ask, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        auto& service = shop->service();
        BOOST_OUTCOME_TRY(ask_for_return(service.commands(), OrderId{arguments->number}, arguments->reason));
        BOOST_OUTCOME_TRY(service.start());
        BOOST_OUTCOME_TRY(finish_receipt(line, *shop, out));
        return show_return(out, *shop, arguments->number);
    });

    const auto receive = returns.add_subcommand("receive", "The goods of a return have come: its money is given back");
    receive.add_option("return", arguments->number, "Its number").required();
    line.on(receive, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        const auto now = std::chrono::floor<std::chrono::seconds>(line.runtime().clock.now());
        BOOST_OUTCOME_TRY(
            shop->service().commands().send(ReturnId{arguments->number}, returns::Receive{.returned_at = now}));
        BOOST_OUTCOME_TRY(shop->service().start());
        BOOST_OUTCOME_TRY(finish_receipt(line, *shop, out));
        return show_return(out, *shop, arguments->number);
    });

    const auto list = returns.add_subcommand("list", "All returns, or those of one customer");
    list.add_option("--customer", arguments->customer, "Only those of this customer");
    list.add_option("--limit", arguments->limit, "At most this many").check(el::whole_number());
    reads(line, list, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        return list_returns(out, *shop, arguments->customer, arguments->limit);
    });

    const auto show = returns.add_subcommand("show", "One return");
    show.add_option("return", arguments->number, "Its number").required();
    reads(line, show, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const shop, line.open<Shop>());
        return show_return(out, *shop, arguments->number);
    });
}

} // namespace shop
