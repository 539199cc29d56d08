// What is said of a projection that an event has stopped: to whoever types a command, and to whoever watches.
#include "service/typed_commands.hpp"

#include <algorithm>

namespace stopped_projection_test {

using namespace eventloom;
using namespace eventloom::testing;

struct Strict : TypedCommands {
    Strict()
    {
        serving.more = [this](Service& service) {
            const auto added = service.projections().add(
                projection<CounterId, Sum>("strict", 1, [this](Sum& sum, const Added& event) -> result<void> {
                    if (event.amount == 7 && refuses) return fail(Failure::refused, "not-seven", "It is 7.");
                    sum.value += event.amount;
                    return done();
                }));
            REQUIRE(added);
        };
    }
    std::string health() { return DoorClient{serving.directory.path()}.send(get("/health")).read(); }
    static Json of(const Json& rows, const std::string& member, const std::string& name)
    {
        for (const Json& row : rows.elements()) {
            if (row[member].text() == name) return row;
        }
        return {};
    }
    Json status_offline() { return of(type({"projections", "status"}).json(), "projection", "strict"); }

    bool refuses = true;
};

TEST_CASE(
    "a command whose events are in the log says so when an event has stopped a projection, and health and status tell",
    "[service][projections]")
{
    Strict strict;
    const auto go_on = [] { return result<void>{done()}; };
    strict.while_it_serves([&] {
        strict.serving.add(1);
        CHECK(strict.health().find(" 200 ") != std::string::npos);
        strict.serving.add(7);
        strict.serving.simulated.advance(std::chrono::hours{1}); // it has tried again, if it does
        strict.serving.add(2);

        Service& service = *strict.serving.running;
        const Time soon  = strict.serving.simulated.now() + std::chrono::seconds{1};
        for (const auto& waited : {service.wait_for(service.store().head(), soon, go_on), service.settle(soon)}) {
            REQUIRE_FALSE(waited);
            CHECK(waited.error().kind == Failure::unavailable);
            CHECK(waited.error().code == "not-followed");
            CHECK(waited.error().sentence.find("It is 7.") != std::string::npos);
            CHECK(waited.error().sentence.find("do not repeat it") != std::string::npos);
        }
        // Who reads its rows is told why these lag.
        const std::vector<std::string> strict_rows{"strict"};
        const auto read = service.wait_for(service.store().head(), soon, go_on, strict_rows);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == "not-seven");

        const auto health = strict.health();
        INFO(health);
        CHECK(health.find(" 503 ") != std::string::npos);
        CHECK(health.find("not-followed") != std::string::npos);
        CHECK(health.find("It is 7.") != std::string::npos);
        CHECK(strict.of(strict.status()["projections"], "projection", "strict")["state"].text() == "failed");
    });
}

TEST_CASE("that an event has stopped a projection is known when nothing runs, until the projection gets further",
          "[service][projections]")
{
    Strict strict;
    strict.while_it_serves([&] {
        strict.serving.add(1);
        strict.serving.add(7);
        strict.serving.simulated.advance(std::chrono::hours{1});
    });
    const auto failed = strict.status_offline();
    CHECK(failed["state"].text() == "failed");
    CHECK(failed["error"].text().find("It is 7.") != std::string::npos);
    const auto follower = strict.of(strict.type({"followers", "list"}).json(), "follower", "strict");
    CHECK(follower["state"].text() == "failed");
    CHECK(follower["error"].text().find("It is 7.") != std::string::npos);

    strict.refuses = false; // the program was mended
    strict.while_it_serves([&] { strict.serving.simulated.run_until_idle(); });
    CHECK(strict.status_offline()["state"].text() == "idle");
    CHECK(strict.status_offline()["error"].is_null());
}

TEST_CASE("a projection that has stopped is not said to be so any more when its rows were built again",
          "[service][projections]")
{
    Strict strict;
    strict.while_it_serves([&] {
        strict.serving.add(7);
        strict.serving.simulated.advance(std::chrono::hours{1});
    });
    CHECK(strict.status_offline()["state"].text() == "failed");
    strict.refuses = false;
    CHECK(strict.type({"projections", "rebuild", "strict"}).exit_code == 0);
    CHECK(strict.status_offline()["state"].text() == "idle");
}

} // namespace stopped_projection_test
