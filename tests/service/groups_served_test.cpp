// Consumer groups of a service that runs, as they are asked about at its door.
#include "service/door_client.hpp"
#include "service/serving.hpp"

#include <eventloom/messaging/groups.hpp>

#include <nlohmann/json.hpp>

namespace groups_served_test {

using namespace eventloom;
using namespace eventloom::testing;
using Json = nlohmann::json;

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

} // namespace groups_served_test
