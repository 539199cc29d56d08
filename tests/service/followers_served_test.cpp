// Everything that follows the log, and its dead letters, as they are typed at a service that runs and where none does.
#include "service/door_client.hpp"
#include "service/serving.hpp"
#include "support/mailing.hpp"

#include <eventloom/messaging/groups.hpp>
#include <eventloom/messaging/queues.hpp>
#include <eventloom/messaging/subscriptions.hpp>
#include <eventloom/sagas/saga.hpp>
#include <eventloom/service/detail/json.hpp>

#include <sstream>

namespace followers_served_test {

using namespace eventloom;
using namespace eventloom::testing;

struct Said {
    int exit_code = -1;
    std::string out;
    std::string err;

    Json json() const { return Json::parse(out).value_or(Json{}); }
    std::string code() const { return Json::parse(err).value_or(Json{})["error"]["code"].text(); }
};

struct Waiting {
    std::string counter;
};

Saga waiting()
{
    return saga<Waiting>("waiting", 1,
                         begins{[](const CounterId& counter, const Added&) { return Waiting{counter.value}; }},
                         step("for ever", until{[](const Waiting&) { return Time{std::chrono::days{100'000}}; }}));
}

// A service with one follower of each kind. All of them refuse an amount of 13, and so does the projection of the base.
struct Followed {
    Followed()
    {
        serving.more = [this](Service& service) {
            service.sagas().add(waiting());
            service.groups().add({.name = "members"},
                                 handles<Counter>([](const Added&) -> result<void> { return done(); }));
            service.queues().add<Mailing>(
                {.attempts = 1},
                [this](const SendMail& mail) -> result<void> {
                    if (mail.to == "13" && refuses) return refuse("unlucky", "Not 13.");
                    return done();
                },
                [](const WriteStatement&) -> result<void> { return done(); });
            service.subscriptions().add<exactly_once>(
                {.name = "mails"}, hearing<Counter>([](const Added& event) -> result<Effects> {
                    return effects().enqueue<Mailing>(SendMail{std::to_string(event.amount), "x"});
                }));
            service.subscriptions().add<at_least_once>({.name = "sums"},
                                                       hearing<Counter>([this](const Added& event) -> result<void> {
                                                           if (event.amount == 13 && refuses)
                                                               return refuse("unlucky", "Not 13.");
                                                           heard.push_back(event.amount);
                                                           return done();
                                                       }));
        };
    }

    void while_it_serves(const std::function<void()>& look)
    {
        serving.console.look = [this, look] {
            if (serving.console.looks == 1) look();
        };
        CHECK(serving.type({"serve"}) == 0);
        CHECK(serving.console.looks == 3);
    }

    // To the door of the service that runs.
    Said send(std::vector<std::string> words)
    {
        words.emplace_back("--json");
        const auto request = post(Json{{"arguments", Json(words)}}.dump());
        Said said;
        std::istringstream lines{body_of(DoorClient{serving.directory.path()}.send(request).read())};
        for (std::string line; std::getline(lines, line);) {
            const auto reply = Json::parse(line).value_or(Json{});
            said.out += reply["out"].text();
            said.err += reply["err"].text();
            if (reply.contains("exit")) said.exit_code = static_cast<int>(reply["exit"].whole());
        }
        serving.simulated.advance(std::chrono::seconds{2});
        return said;
    }

    // Where no service runs.
    Said type(std::vector<std::string> words)
    {
        words.emplace_back("--json");
        Said said;
        said.exit_code = serving.type(std::move(words));
        said.out       = serving.console.said_out;
        said.err       = serving.console.said_err;
        return said;
    }

    void add(int amount)
    {
        serving.add(amount);
        serving.simulated.advance(std::chrono::seconds{2});
    }

    bool refuses = true;
    std::vector<int> heard;
    Serving serving;
};

std::vector<std::string> texts_of(const Json& rows, const std::string& member)
{
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < rows.size(); ++i) texts.push_back(rows.at(i)[member].text());
    return texts;
}

TEST_CASE("projections, queues, sagas and subscriptions are followers with the same members, at a service that runs",
          "[service][followers]")
{
    Followed followed;
    followed.while_it_serves([&] {
        followed.add(1);
        const auto all = followed.send({"followers", "list"}).json();
        CHECK(texts_of(all, "kind") ==
              std::vector<std::string>{"projection", "saga", "group", "queue", "subscription", "subscription"});
        CHECK(texts_of(all, "follower") ==
              std::vector<std::string>{"sums", "waiting", "members", "mail", "mails", "sums"});
        for (std::size_t i = 0; i < all.size(); ++i) {
            INFO(all.at(i).dump());
            CHECK(all.at(i)["state"].text() == "running");
            CHECK(all.at(i)["position"].whole() > 0);
            CHECK(all.at(i)["dead_letters"].whole() == 0);
        }
        const auto status =
            Json::parse(body_of(DoorClient{followed.serving.directory.path()}.send(get("/status")).read()));
        REQUIRE(status);
        CHECK(texts_of(status.value()["followers"], "follower") == texts_of(all, "follower"));

        CHECK(followed.send({"followers", "pause", "sums"}).code() == "several-followers");
        CHECK(followed.send({"followers", "pause", "nobody"}).code() == "no-such-follower");
        CHECK(followed.send({"followers", "pause", "members"}).code() == "follower-cannot");
        for (const std::string name : {"projection/sums", "waiting", "mail", "subscription/sums"}) {
            INFO(name);
            CHECK(followed.send({"followers", "pause", name, "--because", "a while"}).json()["paused"].text() ==
                  "until resumed");
            CHECK(followed.send({"followers", "show", name}).json()["state"].text() == "paused");
        }
        followed.add(2);
        CHECK(followed.heard == std::vector<int>{1});
        for (const std::string name : {"projection/sums", "waiting", "mail", "subscription/sums"}) {
            INFO(name);
            const auto resumed = followed.send({"followers", "resume", name});
            CHECK(resumed.exit_code == 0);
            CHECK(resumed.json()["paused"].is_null());
        }
        CHECK(followed.heard == std::vector<int>{1, 2});
    });
    // It is known how far each is while none runs.
    CHECK(followed.type({"followers", "show", "mails"}).json()["state"].text() == "idle");
    CHECK(followed.type({"subscriptions", "show", "mails"}).json()["promise"].text() == "exactly_once");
}

TEST_CASE("where no service runs a subscription is shown where it has got to, or that nobody knows where it begins",
          "[service][subscriptions]")
{
    Followed followed;
    for (const std::string member : {"position", "lag", "seconds_behind"}) {
        INFO(member);
        CHECK(followed.type({"subscriptions", "show", "sums"}).json()[member].is_null());
        CHECK(followed.type({"subscriptions", "list"}).json().at(1)[member].is_null());
        const auto follower = followed.type({"followers", "show", "subscription/sums"}).json();
        CHECK(follower["follower"].text() == "sums");
        CHECK(follower[member].is_null());
    }
    Json position;
    followed.while_it_serves([&] {
        followed.add(1);
        position = followed.send({"subscriptions", "show", "sums"}).json()["position"];
        CHECK(position.whole() > 0);
        CHECK(followed.send({"followers", "show", "subscription/sums"}).json()["position"].whole() >= position.whole());
    });
    // What is recorded: it may lag behind the last events that it was not to hear.
    for (const Json& shown : {followed.type({"subscriptions", "show", "sums"}).json(),
                              followed.type({"subscriptions", "list"}).json().at(1)}) {
        CHECK(shown["position"].whole() > 0);
        CHECK(shown["position"].whole() <= position.whole());
        CHECK(shown["lag"].whole() < 10);
    }
}

TEST_CASE("a subscription is paused, resumed and skipped from the command line", "[service][subscriptions]")
{
    Followed followed;
    followed.while_it_serves([&] {
        followed.add(1);
        const auto paused =
            followed.send({"subscriptions", "pause", "sums", "--until", "2100-01-01T00:00:00Z", "--because", "lunch"});
        CHECK(paused.json()["paused"].text() == "2100-01-01T00:00:00.000000Z");
        CHECK(paused.json()["because"].text() == "lunch");
        followed.add(2);
        CHECK(followed.heard == std::vector<int>{1});
        CHECK(followed.send({"subscriptions", "resume", "sums"}).exit_code == 0);
        CHECK(followed.heard == std::vector<int>{1, 2});
        CHECK(followed.send({"subscriptions", "resume", "sums"}).code() == "subscription-runs");
        CHECK(followed.send({"subscriptions", "skip", "sums", "1"}).code() == "subscription-not-at-event");
        CHECK(followed.send({"subscriptions", "show", "letters"}).code() == "no-such-subscription");
        CHECK(followed.send({"subscriptions", "list"}).json().size() == 2);
        CHECK(followed.send({"subscriptions", "pause", "sums", "--until", "soon"}).exit_code == 2);
    });
}

TEST_CASE("a saga that nobody runs is said to be idle, and one that runs to be running", "[service][followers][sagas]")
{
    Followed followed;
    const auto state_of_saga = [](const Json& all) {
        for (const Json& one : all.elements()) {
            if (one["kind"].text() == "saga") return one["state"].text();
        }
        return std::string{};
    };
    followed.while_it_serves([&] {
        followed.add(1);
        CHECK(state_of_saga(followed.send({"followers", "list"}).json()) == "running");
    });
    CHECK(state_of_saga(followed.type({"followers", "list"}).json()) == "idle");
}

TEST_CASE("dead letters of all followers are listed, counted, shown, edited, retried and discarded in one place",
          "[service][dead-letters]")
{
    Followed followed;
    followed.while_it_serves([&] {
        followed.add(13);
        followed.add(1);
        const auto all = followed.send({"dead-letters", "list"}).json();
        CHECK(texts_of(all, "kind") == std::vector<std::string>{"projection", "queue", "subscription"});
        CHECK(texts_of(all, "code") == std::vector<std::string>(3, "unlucky"));
        const auto counted = followed.send({"dead-letters", "count"}).json();
        REQUIRE(counted.size() == 1);
        CHECK(counted.at(0)["reason"].text() == "unlucky");
        CHECK(counted.at(0)["dead_letters"].whole() == 3);
        CHECK(followed.send({"dead-letters", "count", "--by", "follower"}).json().size() == 3);
        CHECK(followed.send({"dead-letters", "list", "--reason", "other"}).json().size() == 0);
        CHECK(followed.send({"dead-letters", "list", "--older-than", "1h"}).json().size() == 0);
        CHECK(followed.send({"dead-letters", "list", "subscription/sums"}).json().size() == 1);
        CHECK(followed.send({"dead-letters", "list", "--follower", "mail"}).json().size() == 1);
        const auto event = all.at(2)["id"].text();
        CHECK(followed.send({"dead-letters", "show", "projection/sums", event}).json()["stream"].text() == "counter-1");
        CHECK(followed.send({"dead-letters", "show", "subscription/sums", event}).json()["code"].text() == "unlucky");
        CHECK(followed.send({"dead-letters", "show", "subscription/sums", "999"}).code() == "no-such-dead-letter");
        CHECK(followed.send({"dead-letters", "export"}).out.find("\"queue\"") != std::string::npos);

        CHECK(followed.send({"dead-letters", "edit", "subscription/sums", event, R"({"amount": "many"})"}).code() ==
              "json-does-not-fit");
        CHECK(followed.send({"dead-letters", "edit", "projection/sums", event, R"({"amount": 12})"}).code() ==
              "follower-cannot");
        CHECK(
            followed
                .send({"dead-letters", "edit", "subscription/sums", event, R"({"amount": 12})", "--because", "a slip"})
                .exit_code == 0);
        CHECK(followed.send({"dead-letters", "list", "subscription/sums"}).json().at(0)["edited"].boolean());
        CHECK(followed.send({"dead-letters", "retry", "subscription/sums"}).exit_code == 0);
        CHECK(followed.heard == std::vector<int>{1, 12});
        // The original is in the log, and the other one in the history.
        CHECK(followed.send({"streams", "read", "follower-sums"}).out.find("a slip") != std::string::npos);

        CHECK(followed.send({"dead-letters", "retry"}).code() == "no-follower-named");
        for (const std::string name : {"waiting", "members"}) { // also while they have none
            CHECK(followed.send({"dead-letters", "retry", name}).code() == "follower-cannot");
            CHECK(followed.send({"dead-letters", "discard", name, "--yes"}).code() == "follower-cannot");
        }
        CHECK(followed.send({"dead-letters", "discard", "--all"}).code() == "needs-yes");
        const auto job = all.at(1)["id"].text();
        CHECK(followed.send({"dead-letters", "edit", "mail", job, R"({"to": "12", "subject": "y"})"}).exit_code == 0);
        CHECK(followed.send({"dead-letters", "list", "mail"}).json().at(0)["edited"].boolean());
        CHECK(followed.send({"jobs", "show", job}).json()["data"]["to"].text() == "12");
        CHECK(followed.send({"dead-letters", "retry", "mail"}).exit_code == 0);
        followed.refuses = false;
        CHECK(followed.send({"dead-letters", "list", "mail"}).json().size() == 0);
        CHECK(followed.send({"dead-letters", "discard", "--all", "--yes"}).exit_code == 0);
        CHECK(followed.send({"dead-letters", "list"}).json().size() == 0);
    });
}

TEST_CASE("dead letters of queues and subscriptions end after the time that the service gives them, and that is said",
          "[service][dead-letters]")
{
    using namespace std::chrono_literals;
    Followed followed;
    followed.serving.dead_letters_live = 48h;
    std::vector<std::size_t> letters;
    followed.serving.console.look = [&] {
        if (followed.serving.console.looks == 1) {
            followed.add(13);
            followed.serving.simulated.advance(47h);
        } else {
            followed.serving.simulated.advance(2h);
        }
        letters.push_back(followed.send({"dead-letters", "list"}).json().size());
    };
    CHECK(followed.serving.type({"serve"}) == 0);
    // They are looked for between the looks of the console.
    CHECK(letters == std::vector<std::size_t>{3, 3, 1});
    const auto& log = followed.serving.console.said_err;
    CHECK(log.find("dead-letters-ended follower=queue/mail letters=1 older_than=2d") != std::string::npos);
    CHECK(log.find("dead-letters-ended follower=subscription/sums letters=1 older_than=2d") != std::string::npos);

    CHECK(followed.serving.type({"dead-letters", "list"}) == 0);
    CHECK(followed.serving.console.said_out.find("discarded 2d after their last attempt") != std::string::npos);
    const auto left = followed.type({"dead-letters", "list"}).json();
    REQUIRE(left.size() == 1);
    CHECK(left.at(0)["kind"].text() == "projection");
    followed.serving.dead_letters_live = 0s;
    CHECK(followed.serving.type({"dead-letters", "count"}) == 0);
    CHECK(followed.serving.console.said_out.find("stay until somebody discards them") != std::string::npos);
}

// Has more dead letters than it lists.
struct Full final : FollowerKind {
    std::string_view kind() const override { return "full"; }
    result<std::vector<FollowerStatus>> list() override
    {
        return std::vector{FollowerStatus{.name = "much", .dead_letters = 3}};
    }
    result<std::vector<FollowerLetter>> letters(const std::string& name) override
    {
        return std::vector{FollowerLetter{.follower = name, .id = "1"}, FollowerLetter{.follower = name, .id = "2"}};
    }
};

TEST_CASE("dead letters that are not looked at, as there are too many, are said to be there", "[service][dead-letters]")
{
    Followed followed;
    const auto more       = followed.serving.more;
    followed.serving.more = [&](Service& service) {
        more(service);
        service.followers().add(std::make_unique<Full>());
    };
    const auto said = followed.type({"dead-letters", "list", "full/much"});
    CHECK(said.json().size() == 2);
    const auto left_out = Json::parse(said.err).value_or(Json{})["dead_letters_left_out"];
    CHECK(left_out["follower"].text() == "much");
    CHECK(left_out["left_out"].whole() == 1);
}

} // namespace followers_served_test
