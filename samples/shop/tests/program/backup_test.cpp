// Backups as a person makes them: beside a service that runs and without one, and what is left when they are killed.
#include "program.hpp"
#include "support/sweep.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <functional>
#include <random>
#include <thread>

namespace backup_test {

using namespace shop::testing;
namespace fs = std::filesystem;

Finished run_without_data(const TemporaryDirectory& directory, std::vector<std::string> arguments)
{
    return Program{directory, std::move(arguments)}.wait();
}

std::size_t entries_in(const std::string& path)
{
    std::size_t entries = 0;
    std::error_code none;
    for (fs::recursive_directory_iterator entry{path, none}, end; not none && entry != end; entry.increment(none)) {
        ++entries;
    }
    return entries;
}

// Kills a program when there are so many files in a directory, or lets it end before.
void kill_when(const Program& program, const std::string& path, std::size_t files)
{
    while (entries_in(path) < files && not program.has_ended()) std::this_thread::yield();
    program.kill();
    program.wait();
}

// What the shop answers from its read models.
std::string answers(const TemporaryDirectory& directory, const std::string& data)
{
    std::string all;
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"orders", "list", "--json"}, {"sales", "--by", "country", "--json"}, {"stock", "list", "--json"}}) {
        auto arguments = words;
        arguments.insert(arguments.end(), {"--data", data});
        const auto said = run_without_data(directory, arguments);
        INFO(said.errors);
        REQUIRE(said.exit_code == 0);
        all += said.output;
    }
    return all;
}

TEST_CASE("a backup of the running service restores to a shop that gives the same answers", "[shop][process][backup]")
{
    const TemporaryDirectory directory;
    import_sample_into(directory);
    const auto backups = directory.path() + "/backups";
    const auto into    = directory.path() + "/restored";
    const auto wanted  = answers(directory, directory.path() + "/data");
    const auto without = run(directory, {"store", "backup", backups, "--json"});
    INFO(without.errors);
    REQUIRE(without.exit_code == 0);

    const Program service{directory, {"serve", "--json", "--data", directory.path() + "/data"}, "-of-service"};
    while (service.output().find('\n') == std::string::npos && not service.has_ended()) std::this_thread::yield();
    const auto through_the_door = run(directory, {"store", "backup", backups, "--json"});
    REQUIRE(through_the_door.exit_code == 0);
    CHECK(through_the_door.json()["position"] >= without.json()["position"]);
    CHECK(through_the_door.json()["new_bytes"] < without.json()["new_bytes"]);
    const auto dry = run(directory, {"store", "backup", backups, "--dry-run", "--json"});
    CHECK(dry.json()["backup"].is_null());
    service.kill(SIGTERM);
    CHECK(service.wait().exit_code == 0);

    const auto listed = run_without_data(directory, {"store", "backups", backups, "--json"});
    REQUIRE(listed.json().size() == 2);
    CHECK(listed.json()[1]["backup"] == through_the_door.json()["backup"]);
    CHECK(run_without_data(directory, {"store", "verify-backup", backups}).exit_code == 0);
    const auto restored = run_without_data(directory, {"store", "restore", backups, "--data", into});
    INFO(restored.errors);
    REQUIRE(restored.exit_code == 0);
    CHECK(run_without_data(directory, {"store", "verify", "--data", into}).exit_code == 0);
    REQUIRE(run_without_data(directory, {"projections", "rebuild", "--all", "--data", into}).exit_code == 0);
    CHECK(run_without_data(directory, {"projections", "verify", "--all", "--data", into}).exit_code == 0);
    CHECK(answers(directory, into) == wanted);
}

TEST_CASE("what cannot be undone is refused without --yes, and what would be restored over something always",
          "[shop][process][backup]")
{
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    const auto backups = directory.path() + "/backups";
    for (int i = 0; i < 3; ++i) REQUIRE(run(directory, {"store", "backup", backups}).exit_code == 0);
    const std::vector<std::string> prune{"store", "prune", backups, "--keep", "1", "--json"};
    CHECK(code_of(run_without_data(directory, prune)) == "needs-yes");
    auto look = prune;
    look.emplace_back("--dry-run");
    CHECK(run_without_data(directory, look).json()["removed"].size() == 2);
    CHECK(run_without_data(directory, {"store", "backups", backups, "--json"}).json().size() == 3);
    auto really = prune;
    really.emplace_back("--yes");
    CHECK(run_without_data(directory, really).json()["removed"].size() == 2);
    CHECK(run_without_data(directory, {"store", "backups", backups, "--json"}).json().size() == 1);
    CHECK(run_without_data(directory, prune).exit_code == 0); // nothing to remove, nothing to ask

    CHECK(code_of(run(directory, {"store", "restore", backups, "--json"})) == "directory-not-empty");
    CHECK(run(directory, {"store", "verify"}).exit_code == 0);
}

TEST_CASE("backups and restores that are killed at random moments leave whole backups and no half store",
          "[shop][process][backup][crash]")
{
    const TemporaryDirectory directory;
    import_sample_into(directory);
    const auto data    = directory.path() + "/data";
    const auto backups = directory.path() + "/backups";
    const auto into    = directory.path() + "/restored";
    const auto seed    = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    REQUIRE(run(directory, {"store", "backup", backups, "--copy"}).exit_code == 0);
    const auto whole = entries_in(backups);
    int left_without = 0; // kills that left no backup behind
    // From one moment on, evenly: some of them are early.
    constexpr std::uint64_t moments = 6;
    const auto kills                = eventloom::testing::Sweep{3}.share_of(20);
    const auto begin                = random();
    for (std::uint64_t kill = 0; kill < kills; ++kill) {
        const auto kept = run_without_data(directory, {"store", "backups", backups, "--json"}).json().size();
        // Something new, so that there is something to copy.
        REQUIRE(run(directory, {"stock", "receive", "tea", "1"}).exit_code == 0);
        {
            const Program backup{directory, {"store", "backup", backups, "--copy", "--data", data}};
            kill_when(backup, backups, entries_in(backups) + (begin + kill) % moments);
        }
        const auto listed = run_without_data(directory, {"store", "backups", backups, "--json"});
        REQUIRE(listed.exit_code == 0);
        REQUIRE(listed.json().size() >= kept);
        left_without += listed.json().size() == kept ? 1 : 0;
        for (const auto& backup : listed.json()) {
            const auto checked =
                run_without_data(directory, {"store", "verify-backup", backups, backup["backup"].get<std::string>()});
            INFO(checked.errors);
            REQUIRE(checked.exit_code == 0);
        }
        REQUIRE(run_without_data(directory, {"store", "prune", backups, "--keep", "1", "--yes"}).exit_code == 0);
    }
    CHECK(left_without > 0);
    REQUIRE(run(directory, {"store", "verify"}).exit_code == 0);

    int killed = 0;
    for (std::uint64_t kill = 0; kill < kills; ++kill) {
        {
            const Program restore{directory, {"store", "restore", backups, "--data", into}};
            kill_when(restore, into, (begin + kill * whole / kills) % whole);
        }
        if (fs::exists(into + "/log/CURRENT")) {
            REQUIRE(run_without_data(directory, {"store", "verify", "--data", into}).exit_code == 0);
            fs::remove_all(into);
            continue;
        }
        ++killed;
        CHECK(run_without_data(directory, {"store", "verify", "--data", into}).exit_code == 1);
    }
    CHECK(killed > 0);
    REQUIRE(run_without_data(directory, {"store", "restore", backups, "--data", into}).exit_code == 0);
    CHECK(run_without_data(directory, {"store", "verify", "--data", into}).exit_code == 0);
    CHECK_FALSE(fs::exists(into + "/restoring"));
}

} // namespace backup_test
