// How what is watched is drawn, and when watching ends. tests/real/watch_test.cpp watches a service.
#include "commands/watching.hpp"
#include "service/kept_console.hpp"

#include <catch2/catch.hpp>

namespace watching_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("what is watched is drawn over what was drawn before, cut to the terminal, and no line of that is left",
          "[service][watch]")
{
    KeptConsole console{{.out_is_terminal = true, .width = 8}};
    Redrawn screen{console};
    screen.draw({"queue", "parcels and letters"});
    CHECK(console.said_out == "\rqueue\033[K\n\rparcels\033[K\n\033[J");
    console.said_out.clear();
    screen.draw({"none"});
    CHECK(console.said_out == "\033[2A\rnone\033[K\n\033[J"); // two lines up, and nothing after the new one
}

TEST_CASE("watching ends well when it is interrupted, and with the error of a look", "[service][watch]")
{
    KeptConsole console{{}};
    Output out{console, {}};
    int looks = 0;
    CHECK(watch_until_stopped(out, [&]() -> result<void> {
        console.is_wanted = ++looks < 3;
        return done();
    }));
    CHECK(looks == 3);
    console.is_wanted = true;
    const auto failed = watch_until_stopped(
        out, []() -> result<void> { return fail(Failure::invalid, "no-such-queue", "There is none."); });
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == "no-such-queue");
}

} // namespace watching_test
