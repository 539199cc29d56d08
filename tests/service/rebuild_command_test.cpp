// `projections rebuild`, as it is typed.
#include "service/kept_console.hpp"
#include "support/counter.hpp"
#include "support/every_store.hpp"

#include <eventloom/projections/projection.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace rebuild_command_test {

using namespace eventloom;
using namespace eventloom::testing;
using CounterId = id<Counter>;
using Json      = nlohmann::json;

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

result<std::unique_ptr<OpenService>> open_scores(const Runtime& runtime, const std::string& directory, bool)
{
    BOOST_OUTCOME_TRY(auto service, Service::open(runtime, {.directory = directory}));
    BOOST_OUTCOME_TRY(service->projections().add(scores("all", 0)));
    BOOST_OUTCOME_TRY(service->projections().add(scores("picky", 13)));
    BOOST_OUTCOME_TRY(service->projections().add(scores("too", 0)));
    return std::unique_ptr<OpenService>{std::make_unique<Scores>(std::move(service))};
}

// Three projections over a log of three events, none of them built; "picky" refuses the second.
struct Typed {
    const Program program{"scores", "Scores.", [](CommandLine& line) { line.opens(open_scores); }};
    SimulatedExecutor simulated{1};
    const Runtime runtime{simulated, simulated, simulated, system_files()};
    const TemporaryDirectory directory;
    KeptConsole console{{.err_is_terminal = true, .width = 100}};

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
        words.insert(words.end(), {"--data", directory.path(), "--json"});
        CommandLine line{program, {console, runtime, directory.path(), {}}};
        REQUIRE_FALSE(line.read(std::move(words)));
        return line.carry_out();
    }

    // How far each read model has come.
    std::vector<int> positions()
    {
        REQUIRE(type({"projections", "list"}) == 0);
        std::vector<int> found;
        for (const auto& row : Json::parse(console.said_out)) found.push_back(row.at("position"));
        return found;
    }
};

TEST_CASE("rebuilding all of them tells of the one that fails, and puts the others in their places",
          "[service][projections][rebuild]")
{
    Typed typed;
    CHECK(typed.positions() == std::vector{0, 0, 0});
    CHECK(typed.type({"projections", "rebuild", "--all"}) == 1);
    const auto rows  = Json::parse(typed.console.said_out);
    const auto error = rows.at(1).at("error");
    CHECK(rows.at(0) == Json{{"projection", "all"}, {"events", 3}, {"rows", 1}, {"error", nullptr}});
    CHECK(rows.at(1) == Json{{"projection", "picky"}, {"events", nullptr}, {"rows", nullptr}, {"error", error}});
    CHECK(rows.at(2) == Json{{"projection", "too"}, {"events", 3}, {"rows", 1}, {"error", nullptr}});
    CHECK(error.get<std::string>().find("event 2 (counter-1, version 1)") != std::string::npos);
    const auto& said = typed.console.said_err;
    CHECK(said.find("projections-not-rebuilt") != std::string::npos);
    CHECK(said.find("asked to rebuild 3 projections and found 1 that failed (picky: ") != std::string::npos);
    CHECK(typed.positions() == std::vector{3, 0, 3});
}

TEST_CASE("several projections are rebuilt under one bar", "[service][projections][rebuild]")
{
    Typed typed;
    CHECK(typed.type({"projections", "rebuild", "all", "too"}) == 0);
    const auto& said = typed.console.said_err;
    CHECK(said.find("rebuilding 2 projections") != std::string::npos);
    CHECK(said.find("rebuilding all") == std::string::npos);
    CHECK(typed.positions() == std::vector{3, 0, 3});
}

TEST_CASE("a projection that is rebuilt alone and fails ends the command with its own error",
          "[service][projections][rebuild]")
{
    Typed typed;
    CHECK(typed.type({"projections", "rebuild", "picky"}) == 1);
    CHECK(typed.console.said_err.find("rebuilding picky") != std::string::npos);
    CHECK(typed.console.said_err.find("\"unlucky\"") != std::string::npos);
    CHECK(typed.type({"projections", "rebuild", "too"}) == 0);
    CHECK(typed.positions() == std::vector{0, 0, 3});
}

TEST_CASE("a rebuild of several that nobody wants any more leaves all of them as they were",
          "[service][projections][rebuild]")
{
    Typed typed;
    typed.console.is_wanted = false;
    CHECK(typed.type({"projections", "rebuild", "all", "too"}) == static_cast<int>(ExitCode::interrupted));
    CHECK(typed.console.said_out.empty());
    CHECK(typed.positions() == std::vector{0, 0, 0});
}

} // namespace rebuild_command_test
