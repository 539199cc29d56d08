// The shop as a service that runs: every command reaches it, and it stops when it is told to.
#include "running_service.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sys/stat.h>
#include <thread>

namespace serve_test {

using namespace shop::testing;

using eventloom::testing::TemporaryDirectory;
using shop::testing::Finished;
using shop::testing::Program;
using shop::testing::run;
using shop::testing::sample;

// What the program promises, and what a machine that is busy with other tests may add to it.
constexpr auto a_second = std::chrono::milliseconds{1'000} + std::chrono::milliseconds{1'000};

std::string socket_of(const TemporaryDirectory& directory)
{
    return directory.path() + "/data/admin.sock";
}

// The beginning of the sample, for tests that need not know it all.
std::string first_rows(const TemporaryDirectory& directory, std::size_t rows)
{
    const auto path = directory.path() + "/rows.csv";
    std::ifstream whole{sample()};
    std::ofstream part{path};
    std::string line;
    for (std::size_t i = 0; i <= rows && std::getline(whole, line); ++i) part << line << "\n";
    return path;
}

void fill(const TemporaryDirectory& directory)
{
    REQUIRE(run(directory, {"stock", "receive", "tea", "5", "--reference", "note 1"}).exit_code == 0);
    REQUIRE(run(directory, {"orders", "place", "1", "--customer", "ada", "--line", "tea:2:4.50"}).exit_code == 0);
    REQUIRE(run(directory, {"orders", "place", "2", "--line", "tea:4:4.50"}).exit_code == 0);
}

TEST_CASE("a command says the same, to the byte, through the door of the running service and without one",
          "[shop][process][serve]")
{
    const TemporaryDirectory directory;
    fill(directory);
    const std::vector<std::vector<std::string>> commands{
        {"orders", "list"},
        {"orders", "list", "--stage", "completed"},
        {"orders", "show", "1"},
        {"orders", "show", "7"},
        {"orders", "place", "1", "--line", "tea:1:1"},
        {"orders", "place", "7", "--line", "tea"},
        {"orders", "cancel", "7"},
        {"orders", "approve", "7", "--by", "Grace"},
        {"orders", "list", "--stage", "eaten"},
        {"stock", "list"},
        {"stock", "show", "tea"},
        {"sales", "--by", "sku"},
        {"customers", "show", "ada"},
        {"provider", "books"},
        {"import", "no-such-file.csv"},
        {"sagas", "list"},
        {"sagas", "show", "fulfilment", "2"},
        {"sagas", "retry", "fulfilment", "2"},
        {"sagas", "list", "--status", "odd"},
        {"events", "tail", "-n", "1000"},
        {"events", "show", "2"},
        {"events", "show", "999"},
        {"streams", "list"},
        {"streams", "read", "order-1"},
        {"streams", "read", "\xff\x1b[2J"},
        {"projections", "verify", "--all"},
        {"projections", "rebuild", "--all"},
        {"projections", "rebuild", "salse"},
        {"projections", "rebuild"},
        {"projections", "explain", "stock", "tea"},
        {"projections", "as-of", "stock", "--position", "3"},
        {"projections", "drop", "salse"},
        {"store", "verify"},
        {"help"},
        {"orders", "--help"},
        {"frobnicate"},
    };
    const auto carry_out = [&](std::vector<std::string> command, bool json) {
        if (json) command.emplace_back("--json");
        return run(directory, command);
    };
    std::vector<Finished> alone;
    for (const auto& command : commands) {
        for (const bool json : {false, true}) alone.push_back(carry_out(command, json));
    }
    const Service service{directory};
    service.when_ready();
    auto expected = alone.begin();
    for (const auto& command : commands) {
        for (const bool json : {false, true}) {
            const auto finished = carry_out(command, json);
            INFO(command.front() << " " << (command.size() > 1 ? command[1] : "") << (json ? " --json" : ""));
            CHECK(finished.exit_code == expected->exit_code);
            CHECK(finished.output == expected->output);
            CHECK(finished.errors == expected->errors);
            ++expected;
        }
    }
}

TEST_CASE("commands that change something change the same through the door of the running service",
          "[shop][process][serve]")
{
    const TemporaryDirectory files;
    const std::vector<std::vector<std::string>> commands{
        {"stock", "receive", "tea", "5", "--reference", "note 1", "--json"},
        {"orders", "place", "1", "--customer", "ada", "--line", "tea:2:4.50", "--json"},
        {"orders", "place", "2", "--line", "tea:4:4.50", "--json"},
        {"provider", "off", "--json"},
        {"provider", "on", "--json"},
        {"import", first_rows(files, 300), "--json"},
        {"sales", "--by", "country", "--json"},
        {"projections", "rebuild", "orders", "stock"},
        {"projections", "drop", "sales", "--json"},
    };
    std::vector<std::string> answers[2];
    for (const bool through_door : {false, true}) {
        const TemporaryDirectory directory;
        std::optional<Service> service;
        if (through_door) service.emplace(directory).when_ready();
        for (const auto& command : commands) {
            const auto finished = run(directory, command);
            INFO(command.front() << ": " << finished.errors);
            REQUIRE(finished.exit_code == 0);
            auto answer = command.back() == "--json" ? finished.json() : nlohmann::json(finished.output);
            if (answer.is_object()) answer.erase("placed_at"); // the moment of the test
            answers[through_door ? 1 : 0].push_back(answer.dump());
        }
        if (service) CHECK(service->end(SIGTERM).exit_code == 0);
        CHECK(run(directory, {"store", "verify"}).exit_code == 0);
    }
    CHECK(answers[0] == answers[1]);
}

TEST_CASE("the socket is its user's alone, goes with the service, and one that a killed service has left is replaced",
          "[shop][process][serve]")
{
    const TemporaryDirectory directory;
    for (int round = 0; round < 2; ++round) {
        Service service{directory};
        service.when_ready();
        struct stat about {};
        REQUIRE(::stat(socket_of(directory).c_str(), &about) == 0);
        CHECK((about.st_mode & 07777) == 0600);
        service.end(SIGKILL);
        REQUIRE(std::filesystem::exists(socket_of(directory)));
        CHECK(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    }
    Service service{directory};
    service.when_ready();
    CHECK(run(directory, {"stock", "show", "tea", "--json"}).json()["on_hand"] == 10);
    CHECK(service.end(SIGINT).exit_code == 0);
    CHECK_FALSE(std::filesystem::exists(socket_of(directory)));
}

TEST_CASE("of two services that are started at once in one directory one runs, and the other says which",
          "[shop][process][serve]")
{
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    Service one{directory, "-of-one"};
    Service other{directory, "-of-other"};
    await([&] { return one.has_ended() || other.has_ended(); });
    auto& winner = one.has_ended() ? other : one;
    auto& loser  = one.has_ended() ? one : other;
    winner.when_ready();
    const auto refused = loser.wait();
    CHECK(refused.exit_code == 1);
    const auto process = std::to_string(winner.program().process());
    INFO(refused.errors);
    CHECK(refused.errors.find("process " + process) != std::string::npos);

    const auto later = run(directory, {"serve", "--json"});
    CHECK(later.exit_code == 1);
    CHECK(code_of(later) == "service-is-running");
    CHECK(later.errors.find("process " + process) != std::string::npos);
}

TEST_CASE("what cannot be done while the service runs is said to be so, with the process to stop",
          "[shop][process][serve]")
{
    const TemporaryDirectory directory;
    Service service{directory};
    service.when_ready();
    const auto process = std::to_string(service.program().process());
    for (const auto& [code, command] : std::vector<std::pair<std::string, std::vector<std::string>>>{
             {"service-is-running", {"store", "repair", "--json"}},
             {"service-is-running", {"store", "repair", "--cut-to", directory.path() + "/saved", "--json"}},
             {"service-has-its-options", {"stock", "list", "--decline-rate", "0.5", "--json"}}}) {
        const auto refused = run(directory, command);
        CHECK(refused.exit_code == 1);
        CHECK(code_of(refused) == code);
        CHECK(refused.errors.find("process " + process) != std::string::npos);
    }
    CHECK(service.end(SIGTERM).exit_code == 0);
    const auto nothing_runs = run(directory, {"projections", "status", "--watch", "--json"});
    CHECK(nothing_runs.exit_code == 1);
    CHECK(code_of(nothing_runs) == "no-service-to-watch");
}

TEST_CASE("a service that is told to stop stops within a second, whatever it does, and all it keeps is whole",
          "[shop][process][serve]")
{
    const TemporaryDirectory directory;
    const auto data = directory.path() + "/data";
    const auto file = first_rows(directory, 1'500);
    const auto busy = [&](const std::vector<std::string>& command, const std::function<bool()>& under_way, int signal) {
        Service service{directory};
        service.when_ready();
        auto words = command;
        words.insert(words.end(), {"--data", data, "--json"});
        const Program client{directory, words, "-of-client"};
        await([&] { return under_way() || client.has_ended(); });
        const auto began    = std::chrono::steady_clock::now();
        const auto finished = service.end(signal);
        CHECK(std::chrono::steady_clock::now() - began < a_second);
        CHECK(finished.exit_code == 0);
        CHECK(finished.errors.empty());
        const auto answer = client.wait();
        INFO(answer.errors);
        CHECK(
            (answer.exit_code == 0 || code_of(answer) == "service-stopping" || code_of(answer) == "service-went-away"));
    };
    const auto size_of_log = [&] {
        std::uintmax_t bytes = 0;
        std::error_code gone;
        for (std::filesystem::directory_iterator file{data + "/log", gone}, end; not gone && file != end;
             file.increment(gone)) {
            const auto size = file->file_size(gone);
            if (not gone) bytes += size;
        }
        return bytes;
    };
    const auto log_has_grown = [&, enough = std::uintmax_t{0}]() mutable {
        if (enough == 0) enough = size_of_log() + 100'000;
        return size_of_log() >= enough;
    };
    for (const int signal : {SIGTERM, SIGINT}) {
        busy({"import", file}, log_has_grown, signal);
        REQUIRE(run(directory, {"import", file}).exit_code == 0);
        const auto entries = [&] {
            return std::distance(std::filesystem::directory_iterator{data + "/projections/orders"}, {});
        };
        const auto before = entries();
        busy(
            {"projections", "rebuild", "--all"}, [&] { return entries() > before; }, signal);
        CHECK(run(directory, {"store", "verify"}).exit_code == 0);
        CHECK(run(directory, {"projections", "verify", "--all"}).exit_code == 0);
    }
}

TEST_CASE("a command whose client is interrupted ends in the service too, which goes on", "[shop][process][serve]")
{
    const TemporaryDirectory directory;
    const auto file = first_rows(directory, 1'500);
    Service service{directory};
    service.when_ready();
    const Program import{directory, {"import", file, "--json", "--data", directory.path() + "/data"}, "-of-import"};
    await([&] {
        const auto tail = run(directory, {"events", "tail", "-n", "1", "--json"});
        return tail.exit_code == 0 && not tail.json().empty();
    });
    import.kill(SIGINT);
    const auto interrupted = import.wait();
    CHECK(interrupted.exit_code == 130);
    CHECK(code_of(interrupted) == "interrupted");
    const auto whole = run(directory, {"import", file, "--json"}); // goes on where it was cut short
    REQUIRE(whole.exit_code == 0);
    CHECK(whole.json()["known_before"] > 0);
    CHECK(service.end(SIGTERM).exit_code == 0);
    CHECK(run(directory, {"store", "verify"}).exit_code == 0);
}

TEST_CASE("a watch in a pipe tells changes line by line, while other commands go on, and ends well on Ctrl-C",
          "[shop][process][serve]")
{
    const TemporaryDirectory directory;
    Service service{directory};
    service.when_ready();
    const Program watch{
        directory, {"projections", "status", "--watch", "--json", "--data", directory.path() + "/data"}, "-of-watch"};
    const auto lines = [&] {
        std::vector<nlohmann::json> all;
        std::istringstream text{watch.output()};
        for (std::string line; std::getline(text, line) && not text.eof();) all.push_back(nlohmann::json::parse(line));
        return all;
    };
    await([&] { return lines().size() >= 4; }); // one for each projection
    REQUIRE(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    await([&] {
        const auto all = lines();
        return std::any_of(all.begin(), all.end(), [](const auto& line) {
            return line["projection"] == "stock" && line["position"] == 1 && line["rows"] == 1;
        });
    });
    watch.kill(SIGINT);
    const auto ended = watch.wait();
    CHECK(ended.exit_code == 0);
    CHECK(ended.errors.empty());
    CHECK(ended.output.find('\033') == std::string::npos);

    const Program other{
        directory, {"projections", "status", "--watch", "--json", "--data", directory.path() + "/data"}, "-of-watch"};
    await([&] { return not other.output().empty(); });
    service.end(SIGTERM);
    const auto abandoned = other.wait();
    CHECK(abandoned.exit_code == 1);
    CHECK(code_of(abandoned) == "service-stopping");
}

TEST_CASE("an import that nobody serves ends when it is interrupted, and can be given again", "[shop][process][serve]")
{
    const TemporaryDirectory directory;
    const auto file = first_rows(directory, 1'500);
    const Program import{directory, {"import", file, "--json", "--data", directory.path() + "/data"}, "-of-import"};
    await([&] { return std::filesystem::exists(directory.path() + "/data/projections/sales/current"); });
    const auto began = std::chrono::steady_clock::now();
    import.kill(SIGINT);
    CHECK(import.wait().exit_code == 130);
    CHECK(std::chrono::steady_clock::now() - began < a_second);
    CHECK(run(directory, {"import", file}).exit_code == 0);
}

} // namespace serve_test
