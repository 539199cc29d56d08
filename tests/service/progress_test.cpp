// The line that grows while something long goes on.
#include "service/kept_console.hpp"

#include <eventloom/service/output.hpp>

#include <catch2/catch.hpp>

namespace progress_test {

using namespace eventloom;
using eventloom::testing::KeptConsole;

TEST_CASE("progress on a terminal is a bar with percent, rate and time left, which is wiped at the end",
          "[service][progress]")
{
    SimulatedExecutor clock{1};
    KeptConsole console{{.err_is_terminal = true, .width = 100}};
    Progress progress{console, clock, "rebuilding orders"};
    REQUIRE(progress.at(0, 40'000));
    clock.advance(std::chrono::seconds{5});
    console.said_err.clear();
    REQUIRE(progress.at(10'000, 40'000));
    CHECK(console.said_err == "\r\033[Krebuilding orders  [#######.......................]  25%  2,000/s  0:15 left");
    clock.advance(std::chrono::milliseconds{50}); // too soon for the next line
    REQUIRE(progress.at(11'000, 40'000));
    CHECK(console.said_err.find("27%") == std::string::npos);
    console.said_err.clear();
    progress.finish();
    CHECK(console.said_err == "\r\033[K");
    progress.finish();
    CHECK(console.said_err == "\r\033[K");
    CHECK(console.said_out.empty());
}

TEST_CASE("progress is never wider than the terminal", "[service][progress]")
{
    SimulatedExecutor clock{1};
    const auto [width, line] =
        GENERATE(std::pair{60, "\r\033[Kf\u00fcr Elise  [###............]  25%  2,000/s  0:15 left"},
                 std::pair{30, "\r\033[Kf\u00fcr Elise  25%  2,000/s  0:15"});
    KeptConsole console{{.err_is_terminal = true, .width = static_cast<std::size_t>(width)}};
    Progress progress{console, clock, "f\u00fcr Elise"};
    REQUIRE(progress.at(0, 40'000));
    clock.advance(std::chrono::seconds{5});
    console.said_err.clear();
    REQUIRE(progress.at(10'000, 40'000));
    CHECK(console.said_err == line);
}

TEST_CASE("progress says nothing in a pipe, and ends work that nobody wants any more", "[service][progress]")
{
    SimulatedExecutor clock{1};
    KeptConsole console{{.err_is_terminal = false}};
    {
        Progress progress{console, clock, "rebuilding orders"};
        clock.advance(std::chrono::seconds{5});
        REQUIRE(progress.at(10'000, 40'000));
        console.is_wanted = false;
        clock.advance(std::chrono::seconds{1});
        const auto ended = progress.at(20'000, 40'000);
        REQUIRE_FALSE(ended);
        CHECK(ended.error().code == "interrupted");
    }
    CHECK(console.said_err.empty());
}

TEST_CASE("progress goes on to be shown, and work to be ended, when the clock is set", "[service][progress][clock]")
{
    SimulatedExecutor clock{1};
    KeptConsole console{{.err_is_terminal = true, .width = 100}};
    Progress progress{console, clock, "rebuilding orders"};
    REQUIRE(progress.at(0, 40'000));
    for (const int years : {-60, 80, -200}) {
        clock.set_clock(clock.now() + std::chrono::days{365 * years});
        console.said_err.clear();
        REQUIRE(progress.at(10'000, 40'000));
        CHECK(console.said_err.find("25%") != std::string::npos);
    }
    clock.set_clock(clock.now() - std::chrono::days{1});
    console.is_wanted = false;
    CHECK_FALSE(progress.at(20'000, 40'000));
}

} // namespace progress_test
