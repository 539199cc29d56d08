// What a program does when it begins to serve and when it stops, and what `serve` reports.
#include "service/serving.hpp"
#include "support/kept_log.hpp"

#include "host/thread_watch.hpp"

#include "host/tenants.hpp"

#include <nlohmann/json.hpp>

#include <sstream>
#include <stdexcept>

namespace serve_life_test {

using namespace eventloom;
using namespace eventloom::testing;

using Words = std::vector<std::string>;

TEST_CASE("on_serve is called when the service is started, on_stop before it stops, and a command alone calls neither",
          "[service][serve]")
{
    Serving serving;
    std::optional<int> at_begin;
    serving.on_serve = [&]() -> result<void> {
        at_begin = serving.console.looks;
        serving.add(5); // it runs
        CHECK(serving.running->projections().status()[0].position == 1);
        CHECK(serving.console.said_out.empty());
        return done();
    };
    serving.on_stop = [&]() -> result<void> {
        serving.add(6); // it still runs
        CHECK(serving.running->projections().status()[0].position == 2);
        return done();
    };
    CHECK(serving.type({"serve"}) == 0);
    CHECK(at_begin == 0);
    CHECK(serving.console.looks == 3);
    CHECK(serving.happened == Words{"opened", "on_serve", "on_stop"});
    CHECK(serving.console.said_err.empty());

    serving.happened.clear();
    CHECK(serving.type({"query", "sums"}) == 0);
    CHECK(serving.happened == Words{"opened"});
}

TEST_CASE("what on_serve and on_stop return or throw is said, and serve ends with exit code 1",
          "[service][serve][user-code]")
{
    Serving serving;
    const auto ends_with = [&](const std::string& sentence) {
        CHECK(serving.type({"serve"}) == 1);
        INFO(serving.console.said_err);
        CHECK(serving.console.said_err.find(sentence) != std::string::npos);
    };
    serving.on_serve = []() -> result<void> { return fail(Failure::unavailable, "no-port", "The port is taken."); };
    ends_with("The port is taken.");
    serving.on_serve = []() -> result<void> { throw std::runtime_error{"no mail server"}; };
    ends_with("ran on_serve of tally and found that it threw an exception: no mail server");
    CHECK(serving.happened == Words{"opened", "on_serve", "opened", "on_serve"}); // nothing to be stopped
    CHECK(serving.console.said_out.empty());                                      // it never served

    serving.on_serve = nullptr;
    serving.on_stop  = []() -> result<void> { throw std::runtime_error{"half a mail"}; };
    ends_with("ran on_stop of tally and found that it threw an exception: half a mail");
    serving.on_stop = nullptr;
    CHECK(serving.type({"serve"}) == 0);
}

TEST_CASE("each tenant that is opened while the program serves begins and stops as a service does",
          "[service][serve][tenants]")
{
    Serving serving;
    KeptLog log;
    serving.runtime.log = &log;
    serving.on_stop     = []() -> result<void> { throw std::runtime_error{"half a mail"}; };
    {
        Tenants tenants{
            serving.runtime, serving.directory.path(),
            [&](const Runtime& runtime, const std::string& data, bool) { return serving.open(runtime, data); }};
        REQUIRE(tenants.use("acme", true));
        CHECK(serving.happened == Words{"opened", "on_serve"});
        serving.add(13);
    }
    CHECK(serving.happened == Words{"opened", "on_serve", "on_stop"});
    CHECK(log.lines() == Words{"warning event-parked tenant=acme projection=sums position=1 stream=counter-1 "
                               "type=counter-added code=unlucky",
                               "error on-stop-failed tenant=acme code=exception-in-user-code"});

    serving.on_serve = []() -> result<void> { return fail(Failure::unavailable, "no-port", "The port is taken."); };
    Tenants tenants{serving.runtime, serving.directory.path(),
                    [&](const Runtime& runtime, const std::string& data, bool) { return serving.open(runtime, data); }};
    const auto refused = tenants.use("acme", true);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "no-port");
}

// The lines of standard error, without the time at their beginning.
Words lines_of(const std::string& text)
{
    Words lines;
    std::istringstream all{text};
    for (std::string line; std::getline(all, line);) lines.push_back(line.substr(line.find(' ') + 1));
    return lines;
}

TEST_CASE("serve writes a line for an event that was parked, once, and its level says what else",
          "[service][serve][log]")
{
    Serving serving;
    serving.console.look = [&] {
        if (serving.console.looks == 1) serving.add(13);
    };
    const std::string parked = "warning event-parked projection=sums position=1 stream=counter-1 type=counter-added "
                               "code=unlucky error=";
    CHECK(serving.type({"serve"}) == 0);
    const auto lines = lines_of(serving.console.said_err);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].starts_with(parked));
    CHECK(lines[0].find("Not 13.") != std::string::npos);

    serving.console.look = nullptr;
    CHECK(serving.type({"serve", "--log-level", "info"}) == 0); // it has been said
    CHECK(lines_of(serving.console.said_err) ==
          Words{"info service-started directory=" + serving.directory.path() + " position=1",
                "info service-stopped directory=" + serving.directory.path() + " position=1"});

    serving.console.look = [&] {
        if (serving.console.looks == 1) serving.add(13);
    };
    CHECK(serving.type({"serve", "--log-level", "error"}) == 0);
    CHECK(serving.console.said_err.empty());
}

TEST_CASE("a line of the log is JSON when it is asked for, with numbers as numbers", "[service][serve][log]")
{
    Serving serving;
    serving.console.look = [&] {
        if (serving.console.looks == 1) serving.add(13);
    };
    CHECK(serving.type({"serve", "--log", "json"}) == 0);
    const auto line = nlohmann::json::parse(serving.console.said_err);
    CHECK(line["level"] == "warning");
    CHECK(line["what"] == "event-parked");
    CHECK(line["position"] == 1);
    CHECK(line["code"] == "unlucky");
    CHECK(line["at"].is_string());
}

TEST_CASE("a program with a log of its own is told there, and nothing is written", "[service][serve][log]")
{
    Serving serving;
    KeptLog log;
    serving.runtime.log  = &log;
    serving.console.look = [&] {
        if (serving.console.looks == 1) serving.add(13);
    };
    CHECK(serving.type({"serve"}) == 0);
    CHECK(serving.console.said_err.empty());
    CHECK(log.lines().size() == 1);
}

TEST_CASE("a log that throws disturbs nothing", "[service][serve][log][user-code]")
{
    struct Throwing final : Log {
        void write(LogLevel, std::string_view, const LogFields&) override { throw std::runtime_error{"disk full"}; }
    } log;
    Serving serving;
    serving.runtime.log  = &log;
    serving.console.look = [&] {
        if (serving.console.looks == 1) serving.add(13);
    };
    CHECK(serving.type({"serve"}) == 0);
    CHECK(serving.console.said_err.empty());
}

TEST_CASE("threads that are all busy for long are reported once, and again when they are free", "[service][serve][log]")
{
    SimulatedExecutor simulated{1};
    KeptLog log;
    const Runtime runtime{simulated, simulated, simulated, system_files(), &log};
    ThreadWatch threads{runtime};
    for (unsigned i = 0; i < ThreadWatch::looks_max; ++i) {
        threads.look();
        simulated.run_until_idle();
    }
    CHECK(log.lines(LogLevel::info).empty());
    for (unsigned i = 0; i < 3 * ThreadWatch::looks_max; ++i) threads.look(); // nothing runs
    REQUIRE(log.lines(LogLevel::info).size() == 1);
    CHECK(log.lines()[0].starts_with("warning threads-busy"));
    simulated.run_until_idle();
    threads.look();
    CHECK(log.lines(LogLevel::info).size() == 2);
    CHECK(log.lines(LogLevel::info)[1] == "info threads-free");
}

} // namespace serve_life_test
