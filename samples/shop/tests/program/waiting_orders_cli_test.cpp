// Orders that wait for a delivery, and returns, as a person types them: with a running service and without.
#include "running_service.hpp"

#include <catch2/catch.hpp>

#include <optional>

namespace waiting_orders_cli_test {

using namespace shop::testing;

struct Typed {
    TemporaryDirectory directory;
    std::optional<Service> service;

    explicit Typed(bool serves)
    {
        if (serves) service.emplace(directory).when_ready();
    }
    nlohmann::json type(std::vector<std::string> words)
    {
        words.emplace_back("--json");
        const auto done = run(directory, words);
        INFO(done.errors);
        REQUIRE(done.exit_code == 0);
        return done.json();
    }
    std::string refused(std::vector<std::string> words)
    {
        words.emplace_back("--json");
        const auto done = run(directory, words);
        CHECK(done.exit_code == 1);
        return code_of(done);
    }
};

TEST_CASE("an order that waits is seen, goes on with a delivery, or is cancelled", "[shop][process][cli][deliveries]")
{
    Typed shop{GENERATE(false, true)};
    shop.type({"stock", "receive", "tea", "1"});
    for (const auto* order : {"1", "2"}) {
        CHECK(shop.type({"orders", "place", order, "--line", "tea:3:4.50"})["stage"] == "waiting");
    }
    CHECK(shop.type({"orders", "list", "--stage", "waiting"}).size() == 2);
    await([&] { return shop.type({"sagas", "list", "--saga", "backorder"}).size() == 2; });
    await([&] { return shop.type({"sagas", "show", "backorder", "1"}).at("waits for").is_string(); });
    const auto shown = shop.type({"sagas", "show", "backorder", "1"});
    CHECK(shown.at("waits for").get<std::string>().find("NotDelivered at ") != std::string::npos);
    CHECK(shown.at("state").at("articles")[0]["sku"] == "tea");
    CHECK(shop.type({"orders", "cancel", "1"})["stage"] == "cancelled");
    shop.type({"stock", "receive", "tea", "2"});
    await([&] { return shop.type({"orders", "show", "2"})["stage"] == "completed"; });
    CHECK(shop.type({"stock", "show", "tea"})["on_hand"] == 0);
}

TEST_CASE("a return is asked for, and paid back when its goods have come", "[shop][process][cli][returning]")
{
    Typed shop{GENERATE(false, true)};
    shop.type({"stock", "receive", "tea", "5"});
    CHECK(shop.type({"orders", "place", "1", "--line", "tea:2:4.50"})["stage"] == "completed");
    CHECK(shop.refused({"returns", "ask", "2"}) == "not-completed");
    CHECK(shop.refused({"returns", "receive", "1"}) == "no-such-return");
    const auto asked = shop.type({"returns", "ask", "1", "--reason", "too strong"});
    CHECK(asked["stage"] == "asked for");
    CHECK(asked["total"] == 900);
    CHECK(shop.refused({"returns", "ask", "1"}) == "already-asked-for");
    shop.type({"returns", "receive", "1"});
    await([&] { return shop.type({"returns", "show", "1"})["stage"] == "refunded"; });
    CHECK(shop.type({"returns", "list"})[0]["stage"] == "refunded");
    await([&] { return shop.type({"stock", "show", "tea"})["on_hand"] == 5; });
    CHECK(shop.refused({"returns", "receive", "1"}) == "already-registered");
}

} // namespace waiting_orders_cli_test
