// What is typed, and what it says.
#include "commands.hpp"
#include "service/kept_console.hpp"
#include "support/every_store.hpp"

#include <eventloom/framework/runtime.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

namespace grand_hotel {

namespace {

struct TypedAtHotel {
    el::SimulatedExecutor simulated{1};
    const el::Runtime runtime{simulated, simulated, simulated, el::system_files()};
    const eventloom::testing::TemporaryDirectory directory;
    eventloom::testing::KeptConsole console{{.width = 100}};
    const el::Program program{"hotel", "A hotel.", add_hotel};

    int type(std::vector<std::string> words)
    {
        console.said_out.clear();
        console.said_err.clear();
        words.insert(words.end(), {"--data", directory.path()});
        el::CommandLine line{program, {console, runtime, directory.path(), {}}};
        REQUIRE_FALSE(line.read(std::move(words)));
        return line.carry_out();
    }
    int book(const std::string& stay)
    {
        return type(
            {"book", stay, "of-" + stay, "--arrival", "2099-01-01T14:00:00Z", "--price", "100", "--guest", "Ada"});
    }
};

} // namespace

TEST_CASE("who books while bookings are paused is told so, and that no payment was asked for", "[hotel]")
{
    TypedAtHotel typed;
    CHECK(typed.book("1") == 0);
    CHECK(typed.console.said_out == "Stay 1 is booked, and waits for its payment.\n");
    CHECK(typed.type({"sagas", "pause", "--saga", "booking"}) == 0);
    CHECK(typed.book("2") == 0);
    CHECK(typed.console.said_out == "Stay 2 is requested, and no room is held yet: bookings are paused.\n");
    CHECK(typed.type({"pay", "2", "receipt-2"}) == 1);
    CHECK(typed.console.said_err.find(
              "No payment was asked for stay 2. Stay 2 is requested, and no room is held yet") != std::string::npos);
}

} // namespace grand_hotel
