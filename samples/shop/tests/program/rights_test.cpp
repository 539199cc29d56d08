// Who may read the shop's data, on this machine.
#include "program.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <sys/stat.h>

namespace rights_test {

using namespace shop::testing;
namespace fs = std::filesystem;

// What a file is made with when somebody has set it carelessly, until this goes.
class Umask {
public:
    explicit Umask(mode_t mask) : before_{::umask(mask)} {}
    ~Umask() { ::umask(before_); }
    Umask(const Umask&)            = delete;
    Umask& operator=(const Umask&) = delete;

private:
    const mode_t before_;
};

mode_t rights_of(const fs::path& path)
{
    struct stat found {};
    REQUIRE(::lstat(path.c_str(), &found) == 0);
    return found.st_mode & 07777;
}

// The number of files that were looked at.
std::size_t check_private(const fs::path& path)
{
    INFO(path.string());
    if (not fs::is_directory(path)) {
        CHECK(rights_of(path) == 0600);
        return 1;
    }
    CHECK(rights_of(path) == 0700);
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator{path}) files += check_private(entry.path());
    return files;
}

void fill(const TemporaryDirectory& directory)
{
    REQUIRE(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    REQUIRE(run(directory, {"orders", "place", "1", "--customer", "ada", "--line", "tea:2:4.50"}).exit_code == 0);
}

void open_to_all(const std::string& directory)
{
    fs::permissions(directory,
                    fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read | fs::perms::others_exec,
                    fs::perm_options::add);
    for (const auto& entry : fs::recursive_directory_iterator{directory}) {
        fs::permissions(entry.path(), fs::perms::group_read | fs::perms::others_read, fs::perm_options::add);
    }
}

TEST_CASE("whatever the umask says, data are open to their user alone: made, served, backed up, restored and moved",
          "[shop][process][rights]")
{
    const Umask careless{GENERATE(mode_t{0}, mode_t{022}, mode_t{0277})};
    const TemporaryDirectory directory;
    fill(directory);
    REQUIRE(run(directory, {"store", "compact"}).exit_code == 0);
    CHECK(check_private(directory.path() + "/data") > 10);

    const auto beside = [&](const std::string& name) { return directory.path() + "/" + name; };
    REQUIRE(run(directory, {"store", "backup", beside("backups")}).exit_code == 0);
    REQUIRE(run(directory, {"store", "backup", beside("copies"), "--copy"}).exit_code == 0);
    REQUIRE(run(directory, {"store", "export", beside("history")}).exit_code == 0);
    const auto into = [&](const std::string& name, std::vector<std::string> words) {
        words.insert(words.end(), {"--data", beside(name)});
        return Program{directory, words}.wait();
    };
    REQUIRE(into("restored", {"store", "restore", beside("copies")}).exit_code == 0);
    REQUIRE(into("imported", {"store", "import", beside("history")}).exit_code == 0);
    for (const auto* name : {"backups", "copies", "history", "restored", "imported"}) {
        CHECK(check_private(beside(name)) > 0);
    }
}

TEST_CASE("a data directory that others may read is said to be so, and is closed to them by one command",
          "[shop][process][rights]")
{
    const TemporaryDirectory directory;
    fill(directory);
    const auto data = directory.path() + "/data";
    CHECK(run(directory, {"orders", "list"}).errors.empty());
    open_to_all(data);

    CHECK(run(directory, {"orders", "list"}).errors.find("`store protect`") != std::string::npos);
    CHECK(run(directory, {"store", "verify"}).output.find("`store protect`") != std::string::npos);
    CHECK(run(directory, {"store", "verify", "--json"}).json()["open_to_others"] > 10);
    CHECK(run(directory, {"store", "info", "--json"}).json()["files and directories open to others"] > 10);
    CHECK(run(directory, {"store", "protect", "--json"}).json()["closed"] > 10);
    check_private(data);
    CHECK(run(directory, {"orders", "list"}).errors.empty());
    CHECK(run(directory, {"store", "info", "--json"}).json()["files and directories open to others"] == 0);
    CHECK(run(directory, {"store", "protect", "--json"}).json()["closed"] == 0);
}

TEST_CASE("what others cannot reach in a directory of theirs is no reason for a warning", "[shop][process][rights]")
{
    const TemporaryDirectory directory;
    fs::create_directory(directory.path() + "/data");
    fill(directory);
    CHECK((rights_of(directory.path() + "/data") & 0055) == 0055);
    CHECK(run(directory, {"orders", "list"}).errors.empty());
}

TEST_CASE("nothing is closed where no data are", "[shop][process][rights]")
{
    const TemporaryDirectory directory;
    fs::create_directory(directory.path() + "/data");
    const auto refused = run(directory, {"store", "protect", "--json"});
    CHECK(refused.exit_code == 1);
    CHECK(nlohmann::json::parse(refused.errors)["error"]["code"] == "no-data");
    CHECK((rights_of(directory.path() + "/data") & 0055) == 0055);
}

} // namespace rights_test
