// Commands that show rows: the framework's own, and one of a program's.
#include "service/kept_console.hpp"
#include "support/counter.hpp"
#include "support/every_store.hpp"

#include <eventloom/projections/projection.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace rows_shown_test {

using namespace eventloom;
using namespace eventloom::testing;
using CounterId = id<Counter>;
using Json      = nlohmann::ordered_json;

struct Score {
    std::int64_t value = 0;
};

Projected<CounterId, Score> scores(const std::string& name, int refused)
{
    return projection<CounterId, Score>(name, 1, [refused](Score& row, const Added& event) -> result<void> {
        row.value += event.amount;
        if (event.amount == refused) return fail(Failure::invalid, "unlucky", "I do not take thirteen.");
        return done();
    });
}

class Scores final : public OpenService {
public:
    explicit Scores(std::unique_ptr<Service> service) : service_{std::move(service)} {}
    Service& service() override { return *service_; }

private:
    std::unique_ptr<Service> service_;
};

// "picky" fails at the second event; "patient" tries it again and again.
result<std::unique_ptr<OpenService>> open_scores(const Runtime& runtime, const std::string& directory, bool)
{
    BOOST_OUTCOME_TRY(auto service, Service::open(runtime, {.directory = directory}));
    BOOST_OUTCOME_TRY(service->projections().add(scores("all", 0)));
    BOOST_OUTCOME_TRY(service->projections().add(scores("picky", 13)));
    BOOST_OUTCOME_TRY(service->projections().add(scores("patient", 13),
                                                 {.restarts = {.times = 1'000, .first_wait = std::chrono::hours{1}}}));
    return std::unique_ptr<OpenService>{std::make_unique<Scores>(std::move(service))};
}

// `scores show`: a program's own command.
void set_up(CommandLine& line)
{
    line.opens(open_scores);
    line.on_rows(line.app().add_subcommand("show"), {"all"}, [&line](Output& out) -> result<void> {
        BOOST_OUTCOME_TRY(auto* const open_service, line.open());
        BOOST_OUTCOME_TRY(const auto rows, open_service->service().projections().rows_now("all"));
        BOOST_OUTCOME_TRY(const auto row, rows.row({.table = {}, .key = "1"}));
        out.properties({{"counter", "1"}, {"row", row ? (*eventloom::Json::parse(*row))["row"] : eventloom::Json()}});
        return done();
    });
}

struct Typed {
    const Program program{"scores", "Scores.", set_up};
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const TemporaryDirectory directory;
    KeptConsole console{{.err_is_terminal = false, .width = 100}};

    Typed()
    {
        const auto service = Service::open(runtime, {.directory = directory.path()});
        REQUIRE(service);
        for (const int amount : {5, 13, 6}) REQUIRE(service.value()->commands().send(CounterId{"1"}, Add{amount}));
    }

    int type(std::vector<std::string> words)
    {
        console.said_out.clear();
        console.said_err.clear();
        words.insert(words.end(), {"--data", directory.path()});
        CommandLine line{program, {console, runtime, directory.path(), {}}};
        if (const auto ended = line.read(std::move(words))) return *ended;
        return line.carry_out();
    }

    std::string code() const { return Json::parse(console.said_err)["error"]["code"]; }
};

const Json behind = Json::parse(R"([{"projection": "all", "position": 0, "head": 3, "lag": 3, "state": "idle"}])");

TEST_CASE("rows that are not up to the log are shown with a line on standard error that says so",
          "[service][projections][lag]")
{
    Typed typed;
    CHECK(typed.type({"show"}) == 0);
    CHECK(typed.console.said_err ==
          "The rows of all have reached position 0, and the log is at 3: no service runs that "
          "updates them; --at-least head waits for them\n");
    CHECK(typed.type({"query", "all"}) == 0);
    CHECK(typed.console.said_err.find("position 0, and the log is at 3") != std::string::npos);
    CHECK(typed.type({"query", "picky", "--csv"}) == 0);
    CHECK(typed.console.said_err.find("The rows of picky") == 0);
    CHECK(typed.type({"projections", "explain", "all", "1"}) == 1); // none has touched it yet
    CHECK(typed.console.said_err.find("The rows of all") == 0);
    CHECK(typed.type({"query"}) == 0); // shows no rows
    CHECK(typed.console.said_err.empty());
}

TEST_CASE("with --json an answer that is one object says where its rows stand, and any other says it on standard error",
          "[service][projections][lag]")
{
    Typed typed;
    CHECK(typed.type({"show", "--json"}) == 0);
    CHECK(Json::parse(typed.console.said_out)["behind"] == behind);
    CHECK(Json::parse(typed.console.said_err) == Json{{"behind", behind}});
    CHECK(typed.type({"query", "all", "--json"}) == 0);
    CHECK(Json::parse(typed.console.said_out).empty());
    CHECK(Json::parse(typed.console.said_err) == Json{{"behind", behind}});
}

TEST_CASE("with --at-least a command waits for the rows, of the framework's commands and of a program's own",
          "[service][projections][lag]")
{
    Typed typed;
    CHECK(typed.type({"show", "--json", "--at-least", "head"}) == 0);
    CHECK(Json::parse(typed.console.said_out) == Json::parse(R"({"counter": "1", "row": {"value": 24}})"));
    CHECK(typed.console.said_err.empty());
    CHECK(typed.type({"query", "all", "--json"}) == 0); // they stay
    CHECK(Json::parse(typed.console.said_out)[0]["value"] == 24);
    CHECK(typed.console.said_err.empty());
    CHECK(typed.type({"query", "picky", "--at-least", "1"}) == 0);
    CHECK(typed.type({"query", "all", "--at-least", "4", "--json"}) == 1);
    CHECK(typed.code() == "position-ahead-of-log");
    CHECK(typed.type({"query", "all", "--at-least", "soon", "--json"}) == 2);
    CHECK(typed.console.said_err.find("nor the word head") != std::string::npos);
}

TEST_CASE("with --at-least a command ends with a sentence where the rows do not come: at once or after a minute",
          "[service][projections][lag]")
{
    Typed typed;
    REQUIRE(typed.type({"projections", "pause", "all"}) == 0);
    CHECK(typed.type({"query", "picky", "--at-least", "head", "--json"}) == 1);
    CHECK(typed.code() == "unlucky");
    const auto began = typed.runtime.clock.now();
    CHECK(typed.type({"query", "patient", "--at-least", "3", "--json"}) == 1);
    CHECK(typed.code() == "projections-behind");
    CHECK(typed.runtime.clock.now() - began >= std::chrono::minutes{1});
    CHECK(typed.runtime.clock.now() - began < std::chrono::minutes{2});
    CHECK(typed.type({"query", "all", "--at-least", "head", "--json"}) == 1);
    CHECK(typed.code() == "projection-paused");
    CHECK(typed.type({"query", "all"}) == 0);
    CHECK(typed.console.said_err.find("the projection is paused") != std::string::npos);
}

TEST_CASE("rows that lack no event are shown without a warning, however far the log has grown without one for them",
          "[service][projections][lag]")
{
    Typed typed;
    REQUIRE(typed.type({"show", "--at-least", "head"}) == 0);
    {
        const auto service = Service::open(typed.runtime, {.directory = typed.directory.path()});
        REQUIRE(service);
        for (const char* stream :
             {"note-1", "other-1"}) { // of another aggregate; the second has events of the same name
            auto event = note_of(typed.runtime, "x", stream == std::string{"note-1"} ? "noted" : "counter-added");
            REQUIRE(service.value()->store().append(to(stream, ExpectedVersion::any(), {std::move(event)})));
        }
    }
    CHECK(typed.type({"show"}) == 0);
    CHECK(typed.console.said_err.empty());
    CHECK(typed.type({"show", "--json"}) == 0);
    CHECK_FALSE(Json::parse(typed.console.said_out).contains("behind"));
    {
        const auto service = Service::open(typed.runtime, {.directory = typed.directory.path()});
        REQUIRE(service);
        REQUIRE(service.value()->commands().send(CounterId{"1"}, Add{7}));
    }
    CHECK(typed.type({"show"}) == 0);
    CHECK(typed.console.said_err.find("The rows of all have reached position 3, and the log is at 6") == 0);
}

} // namespace rows_shown_test
