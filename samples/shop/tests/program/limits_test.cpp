// The shop on a machine that gives it too little: memory, files, room on the disk.
#include "program.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <sstream>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

namespace limits_test {

using namespace shop::testing;
namespace fs = std::filesystem;

// The program under a limit of the shell: "-v 60000". Files that the test's own parent left open would count too.
Program limited(const TemporaryDirectory& directory, const std::string& limit, std::vector<std::string> arguments)
{
    std::vector<std::string> words{
        "/bin/sh", "-c", "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit " + limit + " && exec \"$0\" \"$@\"",
        SHOP_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.insert(words.end(), {"--data", directory.path() + "/data"});
    return Program{directory, std::move(words), "-limited"};
}

// Looks until it is so; gives up when that takes unreasonably long.
void await(const std::function<bool()>& condition)
{
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes{2};
    while (not condition()) {
        REQUIRE(std::chrono::steady_clock::now() < give_up);
        std::this_thread::yield();
    }
}

std::string first_rows(const TemporaryDirectory& directory, std::size_t rows)
{
    const auto path = directory.path() + "/rows.csv";
    std::ifstream whole{sample()};
    std::ofstream part{path};
    std::string line;
    for (std::size_t i = 0; i <= rows && std::getline(whole, line); ++i) part << line << "\n";
    return path;
}

// Without the lines of tcmalloc, which says itself what it refuses.
std::string own_lines(const std::string& errors)
{
    std::istringstream lines{errors};
    std::string own;
    for (std::string line; std::getline(lines, line);) {
        if (line.find("] tcmalloc: ") == std::string::npos) own += line + "\n";
    }
    return own;
}

// Done, or failed with one sentence. Whether it was done.
bool is_done_or_says_why(const Finished& ended)
{
    const auto errors = own_lines(ended.errors);
    INFO(ended.errors);
    REQUIRE((ended.exit_code == 0 || ended.exit_code == 1));
    if (ended.exit_code == 0) return true;
    CHECK(errors.find("terminate called") == std::string::npos);
    CHECK(std::count(errors.begin(), errors.end(), '\n') == 1);
    CHECK((errors.find("memory") != std::string::npos || errors.find("refuses") != std::string::npos));
    return false;
}

// From too little to begin, to enough. With less the loader, or tcmalloc, ends the program before its main.
const std::vector<int> megabytes{28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 192, 320};

std::string of_memory(int megabytes)
{
    return "-v " + std::to_string(megabytes * 1024);
}

TEST_CASE("with too little memory an import ends with a sentence and exit code 1, and what was acknowledged is there",
          "[shop][process][limits]")
{
    const TemporaryDirectory directory;
    // Until here no article has two descriptions. An import places orders in any order, and the last one's would stand.
    const auto rows = first_rows(directory, 190);
    const TemporaryDirectory plenty;
    REQUIRE(run(plenty, {"import", rows}).exit_code == 0);
    int failed = 0;
    bool done  = false;
    for (const int limit : megabytes) {
        INFO(limit << " MB");
        done = is_done_or_says_why(limited(directory, of_memory(limit), {"import", rows}).wait());
        failed += done ? 0 : 1;
        const auto verified = run(directory, {"store", "verify"});
        INFO(verified.errors);
        CHECK((verified.exit_code == 0 || not fs::exists(directory.path() + "/data/log/CURRENT")));
    }
    CHECK(failed > 0);
    CHECK(done);
    for (const auto* table : {"orders", "stock"}) {
        CHECK(run(directory, {table, "list", "--json"}).output == run(plenty, {table, "list", "--json"}).output);
    }
}

TEST_CASE("with too little memory a rebuild and a service end with a sentence and exit code 1, and lose nothing",
          "[shop][process][limits]")
{
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"import", first_rows(directory, 250)}).exit_code == 0);
    const auto before = run(directory, {"orders", "list", "--json"}).output;
    int failed        = 0;
    for (const int limit : megabytes) {
        INFO(limit << " MB");
        failed += is_done_or_says_why(limited(directory, of_memory(limit), {"projections", "rebuild", "orders"}).wait())
                      ? 0
                      : 1;
        const auto service = limited(directory, of_memory(limit), {"serve"});
        await([&] { return service.has_ended() || service.output().find("serves") != std::string::npos; });
        service.kill(SIGTERM);
        const auto ended = service.wait();
        failed += is_done_or_says_why(ended) ? 0 : 1;
        CHECK(run(directory, {"orders", "list", "--json"}).output == before);
    }
    CHECK(failed > 0);
    CHECK(run(directory, {"store", "verify"}).exit_code == 0);
}

TEST_CASE("with too few files a command says that it is files, how many, and how to allow more",
          "[shop][process][limits]")
{
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"stock", "receive", "tea", "5"}).exit_code == 0);
    int failed = 0;
    for (const int files : {6, 8, 12, 16, 20, 24, 32, 40, 48}) {
        for (const auto& words :
             std::vector<std::vector<std::string>>{{"stock", "receive", "tea", "5"}, {"events", "tail"}, {"serve"}}) {
            const auto limit   = "-n " + std::to_string(files);
            const auto program = limited(directory, limit, words);
            INFO(limit << " " << words.front());
            await([&] { return program.has_ended() || program.output().find("serves") != std::string::npos; });
            program.kill(SIGTERM);
            const auto ended = program.wait();
            INFO(ended.errors);
            REQUIRE((ended.exit_code == 0 || ended.exit_code == 1));
            if (ended.exit_code == 0) continue;
            ++failed;
            CHECK(ended.errors.find("files") != std::string::npos);
            CHECK(ended.errors.find(std::to_string(files)) != std::string::npos);
            CHECK(ended.errors.find("ulimit -n") != std::string::npos);
            CHECK(ended.errors.find("check the disk") == std::string::npos);
        }
    }
    CHECK(failed > 0);
    CHECK(run(directory, {"stock", "list"}).exit_code == 0);
}

std::string health_of(const TemporaryDirectory& directory)
{
    const int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto path      = directory.path() + "/data/admin.sock";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    std::copy(path.begin(), path.end(), address.sun_path);
    REQUIRE(::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const std::string request = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    REQUIRE(::write(connection, request.data(), request.size()) == static_cast<ssize_t>(request.size()));
    std::string answer;
    char bytes[4096];
    for (ssize_t count = 0; (count = ::read(connection, bytes, sizeof bytes)) > 0;) {
        answer.append(bytes, static_cast<std::size_t>(count));
    }
    ::close(connection);
    return answer;
}

TEST_CASE("a service whose disk takes no more says so where it is asked and watched, and what it answered holds",
          "[shop][process][serve][limits]")
{
    const rlim_t file_bytes = GENERATE(6'000u, 9'000u, 16'000u, 30'000u);
    INFO("files of at most " << file_bytes << " bytes");
    const TemporaryDirectory directory;
    REQUIRE(run(directory, {"stock", "receive", "tea", "100000"}).exit_code == 0);
    const Program service{directory, {"serve", "--data", directory.path() + "/data"}, "-of-service"};
    await([&] { return service.has_ended() || service.output().find("serves") != std::string::npos; });
    CHECK(health_of(directory).starts_with("HTTP/1.1 200 "));
    const rlimit limit{file_bytes, RLIM_INFINITY};
    REQUIRE(::prlimit(service.process(), RLIMIT_FSIZE, &limit, nullptr) == 0);

    const auto place = [&](int number) {
        return run(directory, {"orders", "place", std::to_string(number), "--customer", "ada", "--line", "tea:1:4.50"});
    };
    int last    = 1;
    auto failed = place(last);
    while (failed.exit_code == 0 && last < 200) failed = place(++last);
    INFO(failed.errors);
    REQUIRE(failed.exit_code == 1);
    CHECK(failed.errors.find("File too large") != std::string::npos);
    const bool is_in_the_log = failed.errors.find("is in the log: do not repeat it") != std::string::npos;
    const bool is_in_doubt   = failed.errors.find("it is not known whether it was written") != std::string::npos;
    CHECK((is_in_the_log || is_in_doubt));

    const auto health = health_of(directory);
    CHECK(health.starts_with("HTTP/1.1 503 "));
    CHECK(health.find("File too large") != std::string::npos);
    service.kill(SIGTERM);
    const auto ended = service.wait();
    CHECK(ended.exit_code == 0);
    CHECK(ended.errors.find("File too large") != std::string::npos);

    const auto again = place(last); // with room again
    INFO(again.errors);
    CHECK((again.exit_code == 0 || again.errors == "This order was placed before.\n"));
    if (is_in_the_log) CHECK(again.exit_code == 1);
    CHECK(run(directory, {"orders", "list", "--limit", "1000", "--json"}).json().size() ==
          static_cast<std::size_t>(last));
    CHECK(run(directory, {"store", "verify"}).exit_code == 0);
}

TEST_CASE("with no byte free commands that read answer and say why, and those that write say how much room they need",
          "[shop][process][limits]")
{
    if (Program{TemporaryDirectory{}, {"/usr/bin/unshare", "-m", "true"}}.wait().exit_code != 0) {
        WARN("skipped: this process may not mount a small file system");
        return;
    }
    const TemporaryDirectory directory;
    const auto& path = directory.path();
    REQUIRE(fs::create_directory(path + "/data"));
    const std::string script =
        "mount --make-rprivate / && mount -t tmpfs -o size=4m tmpfs " + path + "/data || exit 9; " +
        "\"$0\" stock receive tea 5 --data " + path + "/data >/dev/null || exit 8; " + "dd if=/dev/zero of=" + path +
        "/data/other bs=4k 2>/dev/null; " + "\"$0\" stock receive tea 1 --data " + path + "/data 2>" + path +
        "/refused && exit 7; " + "exec \"$0\" stock list --json --data " + path + "/data";
    const auto read = Program{directory, {"/usr/bin/unshare", "-m", "/bin/sh", "-c", script, SHOP_PROGRAM}}.wait();
    INFO(read.errors);
    REQUIRE(read.exit_code == 0);
    CHECK(read.json().at(0)["on_hand"] == 5);
    CHECK(read.errors.find("for reading alone") != std::string::npos);
    std::ostringstream refused;
    refused << std::ifstream{path + "/refused"}.rdbuf();
    INFO(refused.str());
    CHECK(refused.str().find("No space left on device") != std::string::npos);
    CHECK(refused.str().find("KiB") != std::string::npos);
}

} // namespace limits_test
