// What commands do where they cannot go on at once: the service hangs, or is busy, or nothing can be written.
#include "running_service.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <map>
#include <sys/stat.h>

namespace waiting_test {

using namespace shop::testing;
namespace fs = std::filesystem;

TEST_CASE(
    "a service that has been stopped is said to say nothing, with its process, and is asked again when it goes on",
    "[shop][process][waiting]")
{
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    const Service service{directory};
    service.when_ready();
    service.program().stop();
    const auto refused = run(directory, {"stock", "list", "--wait", "1s", "--json"});
    service.program().kill(SIGCONT);
    CHECK(refused.exit_code == 1);
    CHECK(code_of(refused) == "service-does-not-answer");
    CHECK(refused.errors.find(std::to_string(service.program().process())) != std::string::npos);
    CHECK(run(directory, {"stock", "show", "tea", "--json"}).json()["on_hand"] == 5);
}

TEST_CASE("a command that takes longer than --wait goes on as long as the service answers", "[shop][process][waiting]")
{
    const TemporaryDirectory directory;
    const Service service{directory};
    service.when_ready();
    Program watching{directory,
                     {"projections", "status", "--watch", "--wait", "1s", "--data", directory.path() + "/data"},
                     "-of-watch"};
    // It says nothing more once the projections stand where they are, and more than twice as long as it would wait.
    const auto later = std::chrono::steady_clock::now() + std::chrono::seconds{4};
    await([&] { return watching.has_ended() || std::chrono::steady_clock::now() > later; });
    CHECK_FALSE(watching.has_ended());
    watching.kill(SIGINT);
    CHECK(watching.wait().exit_code == 0);
}

TEST_CASE("of fifty commands at once each gets its turn", "[shop][process][waiting]")
{
    const TemporaryDirectory directory;
    const Service service{directory};
    service.when_ready();
    std::vector<Program> programs;
    for (int i = 0; i < 50; ++i) {
        programs.emplace_back(directory,
                              std::vector<std::string>{"stock", "receive", "tea", "1", "--wait", "10m", "--data",
                                                       directory.path() + "/data"},
                              "-of-" + std::to_string(i));
    }
    for (const auto& program : programs) {
        const auto finished = program.wait();
        INFO(finished.errors);
        CHECK(finished.exit_code == 0);
    }
    CHECK(run(directory, {"stock", "show", "tea", "--json"}).json()["received"] == 50);
}

TEST_CASE("whoever waits for a turn in vain is told how long, and that nothing was done", "[shop][process][waiting]")
{
    const TemporaryDirectory directory;
    const Service service{directory};
    service.when_ready();
    std::vector<Program> watching;
    for (int i = 0; i < 16; ++i) {
        watching.emplace_back(
            directory,
            std::vector<std::string>{"projections", "status", "--watch", "--data", directory.path() + "/data"},
            "-of-watch-" + std::to_string(i));
    }
    for (const auto& program : watching) await([&] { return not program.output().empty() || program.has_ended(); });
    const auto refused = run(directory, {"stock", "receive", "tea", "1", "--wait", "1s", "--json"});
    CHECK(refused.exit_code == 1);
    CHECK(code_of(refused) == "service-busy");
    CHECK(refused.errors.find("1 second") != std::string::npos);
    for (const auto& program : watching) {
        program.kill(SIGINT);
        CHECK(program.wait().exit_code == 0);
    }
    CHECK(run(directory, {"stock", "show", "tea"}).exit_code == 1);
}

TEST_CASE("a terminal that is closed ends the service as Ctrl-C does", "[shop][process][waiting]")
{
    const TemporaryDirectory directory;
    Service service{directory};
    service.when_ready();
    const auto ended = service.end(SIGHUP);
    CHECK(ended.exit_code == 0);
    CHECK(ended.errors.empty());
    CHECK_FALSE(fs::exists(directory.path() + "/data/admin.sock"));
}

// What is in a directory: each file's size, and when it was written to.
std::map<std::string, std::pair<std::uintmax_t, fs::file_time_type>> state_of(const std::string& directory)
{
    std::map<std::string, std::pair<std::uintmax_t, fs::file_time_type>> files;
    for (const auto& entry : fs::recursive_directory_iterator{directory}) {
        const auto size              = entry.is_regular_file() ? entry.file_size() : 0;
        files[entry.path().string()] = {size, entry.last_write_time()};
    }
    return files;
}

// As somebody who may only read: root gives up its right to write everywhere.
Finished run_as_reader(const TemporaryDirectory& directory, std::vector<std::string> words)
{
    words.insert(words.end(), {"--data", directory.path() + "/data"});
    if (::geteuid() != 0) return Program{directory, words}.wait();
    words.insert(words.begin(), {"--bounding-set=-dac_override,-dac_read_search", SHOP_PROGRAM});
    return Program{directory, words, "", "/usr/bin/setpriv"}.wait();
}

TEST_CASE("commands that read do so where nothing can be written, and leave no trace, while others say that they write",
          "[shop][process][waiting]")
{
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    REQUIRE(run(directory, {"orders", "place", "1", "--customer", "ada", "--line", "tea:2:4.50"}).exit_code == 0);
    const auto data = directory.path() + "/data";
    fs::permissions(data, fs::perms{0555});
    for (const auto& entry : fs::recursive_directory_iterator{data}) {
        fs::permissions(entry.path(), fs::perms{entry.is_directory() ? 0555u : 0444u});
    }
    const auto before = state_of(data);
    const std::vector<std::vector<std::string>> reading{{"orders", "list"},
                                                        {"orders", "show", "1"},
                                                        {"orders", "timeline", "1"},
                                                        {"stock", "show", "tea"},
                                                        {"sales"},
                                                        {"customers", "list"},
                                                        {"returns", "list"},
                                                        {"events", "tail"},
                                                        {"events", "show", "1"},
                                                        {"streams", "list"},
                                                        {"streams", "read", "order-1"},
                                                        {"query", "orders"},
                                                        {"query", "payments.by-day"},
                                                        {"projections", "status"},
                                                        {"projections", "verify", "--all"},
                                                        {"projections", "explain", "stock", "tea"},
                                                        {"sagas", "list"},
                                                        {"dead-letters", "list"},
                                                        {"store", "info"},
                                                        {"store", "verify"}};
    for (const auto& words : reading) {
        const auto finished = run_as_reader(directory, words);
        INFO(words[0] << " " << (words.size() > 1 ? words[1] : "") << ": " << finished.errors);
        CHECK(finished.exit_code == 0);
    }
    CHECK(run_as_reader(directory, {"orders", "show", "1", "--json"}).json()["stage"] == "completed");
    const auto refused = run_as_reader(directory, {"stock", "receive", "tea", "5"});
    CHECK(refused.exit_code == 1);
    CHECK(refused.errors.find("nothing can be written there") != std::string::npos);
    CHECK(state_of(data) == before);
    for (const auto& entry : before) fs::permissions(entry.first, fs::perms::owner_all);
    fs::permissions(data, fs::perms::owner_all);
}

} // namespace waiting_test
