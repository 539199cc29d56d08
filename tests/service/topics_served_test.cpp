// Topics as they are typed, at a service that runs and where none does.
#include "service/typed_commands.hpp"
#include "support/publishing.hpp"

#include <eventloom/messaging/subscriptions.hpp>

namespace topics_served_test {

using namespace eventloom;
using namespace eventloom::testing;

struct Shop : TypedCommands {
    Shop()
    {
        serving.more = [this](Service& service) {
            service.topics().add<Prices>({.max_age = std::chrono::hours{36}, .max_count = 2});
            service.subscriptions().add<at_least_once>(
                {.name = "board", .attempts = 1}, hearing<Prices>([this](const PriceChanged& message) -> result<void> {
                    if (message.article == refused) return refuse("not-sold", "It is not sold here.");
                    return done();
                }));
        };
    }

    std::string refused = "milk";
};

std::string price_of(const std::string& article)
{
    return Json{{"article", article}, {"cents", 350}}.dump();
}

TEST_CASE("messages are published, listed and shown at a service that runs, and without one", "[service][topics]")
{
    Shop shop;
    shop.while_it_serves([&] {
        const auto tea = shop.send({"topics", "publish", "prices", price_of("tea"), "--type", "price-changed"});
        CHECK(tea.exit_code == 0);
        CHECK(tea.json()["number"].whole() == 1);
        const auto again = shop.send({"topics", "publish", "prices", price_of("tea"), "--type", "price-changed", "--id",
                                      tea.json()["id"].text()});
        CHECK(again.json()["stood before"].dump() == "true");
        CHECK(again.json()["number"].whole() == 1);
        for (const auto* article : {"coffee", "milk"}) {
            CHECK(shop.send({"topics", "publish", "prices", price_of(article), "--type", "price-changed"}).exit_code ==
                  0);
        }
        const auto topic = shop.send({"topics", "list"}).json().at(0);
        CHECK(topic["topic"].text() == "prices");
        CHECK(topic["messages"].whole() == 2);
        CHECK(topic["first"].whole() == 2);
        CHECK(topic["max_age"].text() == "36h");
        CHECK(topic["max_count"].whole() == 2);
        const auto last = shop.send({"topics", "tail", "prices", "-n", "1"}).json();
        REQUIRE(last.size() == 1);
        CHECK(last.at(0)["position"].whole() == 3);
        CHECK(last.at(0)["type"].text() == "price-changed");
        CHECK(last.at(0)["data"]["article"].text() == "milk");
    });
    CHECK(shop.type({"topics", "show", "prices"}).json()["last"].whole() == 3);
}

TEST_CASE("the status of a service has its topics: what each keeps, since when, and what was lost", "[service][topics]")
{
    Shop shop;
    shop.while_it_serves([&] {
        const auto empty = shop.status()["topics"];
        REQUIRE(empty.size() == 1);
        CHECK(empty.at(0)["topic"].text() == "prices");
        CHECK(empty.at(0)["messages"] == 0);
        CHECK(empty.at(0)["oldest"].is_null());
    });
    // Nobody hears them before there are more than are kept.
    std::vector<Time> published;
    for (int i = 0; i < 5; ++i) {
        shop.serving.simulated.advance(std::chrono::minutes{1});
        published.push_back(shop.serving.simulated.now());
        CHECK(shop.type({"topics", "publish", "prices", price_of("tea"), "--type", "price-changed"}).exit_code == 0);
    }
    shop.while_it_serves([&] {
        shop.serving.simulated.advance(std::chrono::minutes{1});
        const auto topic = shop.status()["topics"].at(0);
        CHECK(topic["messages"] == 2);
        CHECK(topic["first"] == 4);
        CHECK(topic["oldest"].text() == to_string(published[3]));
        CHECK(topic["lost"].whole() == 3);
        CHECK(topic["bytes"].whole() > 0);
        CHECK(topic["error"].is_null());
        CHECK(shop.status()["topics_error"].is_null());
    });
    const auto shown = shop.type({"topics", "show", "prices"}).json();
    CHECK(shown["lost"].whole() == 3);
}

TEST_CASE("topics of two tenants, and of the service itself, are apart", "[service][topics][tenants]")
{
    Shop shop;
    const auto publish = [&](const std::string& tenant, const std::string& article) {
        return shop
            .send({"topics", "publish", "prices", price_of(article), "--type", "price-changed", "--tenant", tenant})
            .json()["number"]
            .whole();
    };
    const auto kept = [&](const std::string& tenant) {
        std::vector<std::string> articles;
        const auto messages = shop.send({"topics", "tail", "prices", "--tenant", tenant}).json();
        for (const Json& message : messages.elements()) articles.push_back(message["data"]["article"].text());
        return articles;
    };
    for (const auto* tenant : {"acme", "bolt"}) {
        REQUIRE(shop.serving.open(shop.serving.runtime, shop.serving.directory.path() + "/tenants/" + tenant));
    }
    shop.while_it_serves([&] {
        CHECK(publish("acme", "tea") == 1);
        CHECK(publish("bolt", "milk") == 1); // a number of its own
        CHECK(publish("acme", "coffee") == 2);
        CHECK(publish("acme", "cocoa") == 3); // the limit of two is each tenant's own
        CHECK(kept("acme") == std::vector<std::string>{"coffee", "cocoa"});
        CHECK(kept("bolt") == std::vector<std::string>{"milk"});
        CHECK(shop.send({"topics", "show", "prices"}).json()["messages"] == 0);
        CHECK(shop.status()["topics"].at(0)["messages"] == 0);
        // Nobody hears another one's: milk is refused, in one tenant alone.
        CHECK(shop.send({"dead-letters", "list", "board", "--tenant", "bolt"}).json().size() == 1);
        CHECK(shop.send({"dead-letters", "list", "board", "--tenant", "acme"}).json().size() == 0);
    });
    CHECK(shop.type({"topics", "show", "prices", "--tenant", "acme"}).json()["last"] == 3);
    CHECK(shop.type({"topics", "show", "prices", "--tenant", "bolt"}).json()["last"] == 1);
}

TEST_CASE("a message for a tenant that is not there is refused, and makes none", "[service][topics][tenants]")
{
    Shop shop;
    const std::vector<std::string> publish{"topics", "publish",       "prices",   price_of("tea"),
                                           "--type", "price-changed", "--tenant", "acme"};
    const auto is_refused = [&](const TypedAnswer& said) {
        INFO(said.err);
        CHECK(said.exit_code == 1);
        CHECK(said.code() == "no-such-tenant");
    };
    is_refused(shop.type(publish));
    shop.while_it_serves([&] { is_refused(shop.send(publish)); });
    CHECK(shop.type({"tenants", "list"}).json().size() == 0);
}

TEST_CASE("a dead letter of a subscription to a topic shows the message, and is edited and retried",
          "[service][topics]")
{
    Shop shop;
    shop.while_it_serves([&] {
        CHECK(shop.send({"topics", "publish", "prices", price_of("milk"), "--type", "price-changed"}).exit_code == 0);
        const auto letters = shop.send({"dead-letters", "list", "board"}).json();
        REQUIRE(letters.size() == 1);
        CHECK(letters.at(0)["id"].text() == "1");
        const auto shown = shop.send({"dead-letters", "show", "board", "1"}).json();
        CHECK(shown["data"]["article"].text() == "milk");
        shop.refused = "";
        CHECK(shop.send({"dead-letters", "retry", "board"}).exit_code == 0);
        CHECK(shop.send({"dead-letters", "list", "board"}).json().size() == 0);
        const auto status = shop.send({"subscriptions", "show", "board"}).json();
        CHECK(status["topic"].text() == "prices");
        CHECK(status["lost"].whole() == 0);
    });
}

TEST_CASE("what is wrong with a message that is typed is said, and nothing is published", "[service][topics]")
{
    Shop shop;
    shop.while_it_serves([&] {
        CHECK(shop.send({"topics", "publish", "weather", price_of("tea")}).code() == "no-such-topic");
        CHECK(shop.send({"topics", "show", "../prices"}).code() == "no-such-topic");
        CHECK(shop.send({"topics", "publish", "prices", price_of("tea")}).code() == "no-such-message-type");
        const auto typed = [&](const std::string& json) {
            return shop.send({"topics", "publish", "prices", json, "--type", "price-changed"});
        };
        const auto unknown = typed(R"({"article": "tea", "cent": 350})");
        CHECK(unknown.exit_code != 0);
        CHECK(unknown.sentence().find("cent") != std::string::npos);
        const auto no_number = typed(R"({"article": "tea", "cents": "many"})");
        CHECK(no_number.exit_code != 0);
        CHECK(no_number.sentence().find("cents") != std::string::npos);
        CHECK(typed("{").exit_code != 0);
        CHECK(shop.send({"topics", "publish", "prices", price_of("tea"), "--type", "price-changed", "--id", "x"})
                  .exit_code == 2);
        CHECK(shop.send({"topics", "tail", "prices", "-n", "0"}).exit_code == 2);
        CHECK(shop.send({"topics", "show", "prices"}).json()["messages"].whole() == 0);
    });
}

} // namespace topics_served_test
