// Consumer groups of a service that runs, as they are asked about at its door and typed.
#include "service/door_client.hpp"
#include "service/serving.hpp"

#include <eventloom/messaging/groups.hpp>

#include <nlohmann/json.hpp>

#include <sstream>

namespace groups_served_test {

using namespace eventloom;
using namespace eventloom::testing;
using Json = nlohmann::json;

// What a command that was sent to the service has said.
struct Said {
    int exit_code = -1;
    std::string out;
    std::string err;

    Json json() const { return Json::parse(out); }
    std::string code() const { return Json::parse(err)["error"]["code"]; }
};

// A service with a group that refuses an amount, and looks at it while it serves.
struct Listening {
    Listening()
    {
        serving.more = [this](Service& service) {
            service.groups().add({.name = "listeners", .attempts_max = 2},
                                 handles<Counter>([this](const Added& event, const RecordedEvent&) -> result<void> {
                                     if (event.amount == refused)
                                         return fail(Failure::invalid, "unlucky", "Not this one.");
                                     heard.push_back(event.amount);
                                     return done();
                                 }));
        };
    }

    // Called once, while the program serves.
    void while_it_serves(const std::function<void()>& look)
    {
        serving.console.look = [this, look] {
            if (serving.console.looks == 1) look();
        };
        CHECK(serving.type({"serve"}) == 0);
        CHECK(serving.console.looks == 3);
    }

    void add(const std::string& counter, int amount)
    {
        REQUIRE(serving.running->commands().send(CounterId{counter}, Add{amount}));
        serving.simulated.advance(std::chrono::minutes{1}); // every attempt has been made
    }

    Json status() const
    {
        return Json::parse(body_of(DoorClient{serving.directory.path()}.send(get("/status")).read()));
    }

    Said send(std::vector<std::string> words) const
    {
        words.emplace_back("--json");
        const auto request = post(Json{{"arguments", words}}.dump());
        Said said;
        std::istringstream lines{body_of(DoorClient{serving.directory.path()}.send(request).read())};
        for (std::string line; std::getline(lines, line);) {
            const auto reply = Json::parse(line);
            said.out += reply.value("out", "");
            said.err += reply.value("err", "");
            said.exit_code = reply.value("exit", said.exit_code);
        }
        return said;
    }

    int refused = 0;
    std::vector<int> heard;
    Serving serving;
};

TEST_CASE("the status of a running service tells of its groups, and of the streams in them that have stopped",
          "[service][groups][door]")
{
    Listening listening;
    listening.refused = 13;
    listening.while_it_serves([&] {
        CHECK(listening.status()["groups"] == Json::parse(R"([{"group": "listeners", "position": 0, "lag": 0,
            "members": 1, "stopped": [], "error": null}])"));
        listening.add("1", 5);
        listening.add("1", 13);
        listening.add("2", 7);
        CHECK(listening.heard == std::vector{5, 7});
        CHECK(listening.status()["groups"] == Json::parse(R"([{"group": "listeners", "position": 1, "lag": 2,
            "members": 1, "stopped": [{"stream": "counter-1", "position": 2, "attempts": 2, "error": "Not this one."}],
            "error": null}])"));
    });
}

TEST_CASE("groups list shows where each group is, groups stopped why a stream of it stopped, and groups retry goes on",
          "[service][groups]")
{
    Listening listening;
    listening.refused = 13;
    listening.while_it_serves([&] {
        listening.add("1", 13);
        listening.add("2", 7);
        listening.add("3", 13);
        const auto listed = listening.send({"groups", "list"});
        CHECK(listed.exit_code == 0);
        CHECK(listed.json() == Json::parse(R"([{"group": "listeners", "position": 0, "lag": 3, "members": 1,
            "stopped": 2, "error": null}])"));
        const auto both = Json::parse(R"([{"group": "listeners", "stream": "counter-1", "position": 1, "attempts": 2,
            "code": "unlucky", "error": "Not this one."}, {"group": "listeners", "stream": "counter-3", "position": 3,
            "attempts": 2, "code": "unlucky", "error": "Not this one."}])");
        CHECK(listening.send({"groups", "stopped"}).json() == both);
        CHECK(listening.send({"groups", "stopped", "listeners"}).json() == both);

        // The handler is not mended: the stream stops again.
        const auto one = Json::parse(R"({"group": "listeners", "streams tried again": 1})");
        CHECK(listening.send({"groups", "retry", "listeners", "counter-1"}).json() == one);
        CHECK(listening.send({"groups", "stopped"}).json().size() == 1);
        listening.serving.simulated.advance(std::chrono::minutes{1});
        CHECK(listening.send({"groups", "stopped"}).json() == both);

        listening.refused = 0;
        CHECK(listening.send({"groups", "retry", "listeners", "counter-3"}).json() == one);
        listening.serving.simulated.advance(std::chrono::minutes{1});
        CHECK(listening.heard == std::vector{7, 13});
        CHECK(listening.send({"groups", "retry", "listeners"}).json() == one); // all that are left
        listening.serving.simulated.advance(std::chrono::minutes{1});
        CHECK(listening.heard == std::vector{7, 13, 13});
        CHECK(listening.send({"groups", "stopped"}).json().empty());
        CHECK(listening.send({"groups", "list"}).json()[0]["lag"] == 0);
        CHECK(listening.send({"groups", "retry", "listeners"}).json()["streams tried again"] == 0);
    });
}

TEST_CASE("groups show says where the members of a group are, and what they have", "[service][groups]")
{
    Listening listening;
    listening.while_it_serves([&] {
        listening.add("1", 5);
        CHECK(listening.send({"groups", "show", "listeners"}).json() ==
              Json::parse(R"({"group": "listeners", "position": 1, "lag": 0, "open": 0, "in hand": 0, "stopped": 0,
                "error": null, "members": [{"member": "1", "where": "the service", "streams": 1, "in hand": 0,
                "lease ends": null}]})"));
        CHECK(listening.send({"groups", "show", "mail"}).code() == "no-such-group");
        CHECK(listening.send({"groups", "work", "listeners"}).code() == "work-in-service");
    });
}

TEST_CASE("what is no message of a member is refused at the door, and changes nothing", "[service][groups]")
{
    Listening listening;
    listening.while_it_serves([&] {
        const auto code = [&](const std::string& page, const std::string& type, const std::string& body) {
            const auto request = "POST " + page + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type +
                                 "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
            const auto answer = body_of(DoorClient{listening.serving.directory.path()}.send(request).read());
            return Json::parse(answer)["error"].value("code", "");
        };
        const std::string bytes = "application/octet-stream";
        for (const std::string page : {"/groups/pull", "/groups/extend", "/groups/finish"}) {
            INFO(page);
            CHECK(code(page, bytes, std::string(300, '\xff')) == "wrong-worker-request");
            CHECK(code(page, "application/json", "{}") == "not-bytes");
        }
        CHECK(code("/groups/steal", bytes, "") == "no-such-page");
        CHECK(listening.send({"groups", "show", "listeners"}).json()["members"].size() == 1);
    });
    auto& serving = listening.serving;
    CHECK(serving.type({"groups", "work", "mail", "--json"}) == 1);
    CHECK(Json::parse(serving.console.said_err)["error"]["code"] == "no-such-group");
    CHECK(serving.type({"groups", "work", "listeners", "--tenant", "acme", "--json"}) == 1);
    CHECK(Json::parse(serving.console.said_err)["error"]["code"] == "work-with-a-tenant");
}

TEST_CASE("groups says which group there is when another is asked for, and which stream has not stopped",
          "[service][groups]")
{
    Listening listening;
    listening.while_it_serves([&] {
        for (const auto* command : {"stopped", "retry"}) {
            const auto refused = listening.send({"groups", command, "mail"});
            CHECK(refused.exit_code == 1);
            CHECK(refused.code() == "no-such-group");
            CHECK(refused.err.find("only: listeners") != std::string::npos);
        }
        CHECK(listening.send({"groups", "retry", "listeners", "counter-1"}).code() == "stream-not-stopped");
        CHECK(listening.send({"groups", "retry"}).exit_code == 2);
    });
}

TEST_CASE("groups says that no service runs, in which alone they run, and how to type it is in the help",
          "[service][groups]")
{
    Listening listening;
    auto& serving = listening.serving;
    for (const auto& words : std::vector<std::vector<std::string>>{{"groups", "list"},
                                                                   {"groups", "show", "listeners"},
                                                                   {"groups", "stopped"},
                                                                   {"groups", "retry", "listeners", "counter-1"}}) {
        auto typed = words;
        typed.emplace_back("--json");
        CHECK(serving.type(typed) == 1);
        CHECK(Json::parse(serving.console.said_err)["error"]["code"] == "groups-not-running");
    }
    CHECK(serving.happened.empty()); // nothing was opened for it
    for (const auto* command : {"list", "show", "stopped", "retry", "work"}) {
        CHECK(serving.type({"groups", command, "--help"}) == 0);
        CHECK(serving.console.said_out.find(std::string{"groups "} + command) != std::string::npos);
    }
}

} // namespace groups_served_test
