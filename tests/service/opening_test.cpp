// How commands open the data when the disk is full, and when another process has it.
#include "real/child.hpp"
#include "service/full_disk.hpp"
#include "service/serving.hpp"
#include "support/kept_log.hpp"

#include "door/admin_door.hpp"

#include <eventloom/eventstore/leveldb_store.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <unistd.h>

namespace opening_test {

using namespace eventloom;
using namespace eventloom::testing;
namespace fs = std::filesystem;

// What keeps the data of a log: not its locks, and not the diary of LevelDB.
std::map<std::string, std::string> content_of(const std::string& directory)
{
    std::map<std::string, std::string> content;
    for (const auto& entry : fs::directory_iterator(directory)) {
        const auto name = entry.path().filename().string();
        if (not entry.is_regular_file() || name.find("LO") != std::string::npos) continue;
        std::ifstream file{entry.path(), std::ios::binary};
        content.emplace(name, std::string{std::istreambuf_iterator<char>{file}, {}});
    }
    return content;
}

// Ends the log as a power cut in the middle of a write does.
void tear_log(const std::string& directory)
{
    std::string newest;
    for (const auto& [name, content] : content_of(directory)) {
        if (name.ends_with(".log")) newest = std::max(newest, name);
    }
    REQUIRE_FALSE(newest.empty());
    std::ofstream{directory + "/" + newest, std::ios::app} << "half a write";
}

TEST_CASE("on a full disk commands read a log that ends with an unfinished write, and leave it as it is",
          "[service][fault]")
{
    FullDisk disk;
    Serving serving{disk};
    disk.directory       = serving.directory.path();
    serving.console.look = [&] {
        if (serving.console.looks == 1) serving.add(75);
    };
    REQUIRE(serving.type({"serve"}) == 0);
    const auto log = serving.directory.path() + "/log";
    tear_log(log);
    const auto before = content_of(log);

    disk.is_full = true;
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"query", "sums"}, {"events", "tail"}, {"store", "info"}, {"store", "verify"}}) {
        INFO(words.front() << " " << words.back());
        CHECK(serving.type(words) == 0);
        CHECK_THAT(serving.console.said_err, Catch::Contains("for reading alone") &&
                                                 Catch::Contains("to open it takes about ") &&
                                                 Catch::Contains("nothing was changed"));
        CHECK(content_of(log) == before);
    }
    CHECK(serving.type({"query", "sums"}) == 0);
    CHECK_THAT(serving.console.said_out, Catch::Contains("75"));
    CHECK(serving.type({"serve", "--json"}) == 1);
    CHECK_THAT(serving.console.said_err, Catch::Contains("no-room-to-open"));
    CHECK(content_of(log) == before);

    disk.is_full = false;
    CHECK(serving.type({"query", "sums"}) == 0);
    CHECK(serving.console.said_err.empty());
    CHECK_THAT(serving.console.said_out, Catch::Contains("75"));
}

// Another process has the data for a span of virtual time.
void hold_for(Serving& serving, Duration span)
{
    serving.before_open = [&serving, until = serving.simulated.now() + span]() -> result<void> {
        if (serving.simulated.now() >= until) return done();
        return fail(Failure::unavailable, "held-by-another-process", "found that another process has it open");
    };
}

TEST_CASE("a command waits for the process that has the data, for as long as --wait says", "[service][waiting]")
{
    Serving serving;
    REQUIRE(serving.type({"query", "sums"}) == 0);
    const auto said = [&](const std::string& text) { return serving.console.said_err.find(text) != std::string::npos; };
    hold_for(serving, std::chrono::milliseconds{900});
    CHECK(serving.type({"query", "sums"}) == 0);
    CHECK(serving.console.said_err.empty());

    hold_for(serving, std::chrono::seconds{29});
    CHECK(serving.type({"query", "sums"}) == 0);
    CHECK(said("found that another process has it open; waits for it, at most 30 seconds (--wait)"));
    CHECK(std::count(serving.console.said_err.begin(), serving.console.said_err.end(), '\n') == 1);

    hold_for(serving, std::chrono::hours{1});
    const auto began = serving.simulated.now();
    CHECK(serving.type({"query", "sums", "--wait", "1s"}) == 1);
    CHECK(said("found that another process has it open; waited 1 second, which is as long as --wait says; nothing was "
               "done"));
    CHECK(serving.simulated.now() - began >= std::chrono::seconds{1});
    CHECK(serving.simulated.now() - began < std::chrono::seconds{2});
}

TEST_CASE("serve waits for a command that has the data, and its log says so", "[service][serve][waiting]")
{
    Serving serving;
    KeptLog log;
    serving.runtime.log = &log;
    hold_for(serving, std::chrono::seconds{5});
    CHECK(serving.type({"serve"}) == 0);
    CHECK(log.lines() == std::vector<std::string>{"warning waits-for-directory directory=" + serving.directory.path() +
                                                  " code=waits-for-directory"});
    hold_for(serving, std::chrono::seconds{5});
    CHECK(serving.type({"serve", "--wait", "4s"}) == 1);
    CHECK_THAT(serving.console.said_err, Catch::Contains("waited 4 seconds"));
}

// The door of a service, whose commands all say the same.
std::unique_ptr<AdminDoor> door_in(const std::string& directory)
{
    auto door = AdminDoor::open(directory, {.health = [] { return "{}"; },
                                            .status = [] { return "{}"; },
                                            .carry_out =
                                                [](const AdminCommand&, Console& console) {
                                                    console.out("by the service\n");
                                                    return 0;
                                                },
                                            .worker = {}});
    REQUIRE(door);
    return std::move(door.value());
}

TEST_CASE("a command that waits is for the service that has started meanwhile", "[service][waiting]")
{
    Serving serving;
    std::unique_ptr<AdminDoor> door;
    serving.before_open = [&]() -> result<void> {
        if (not door) door = door_in(serving.directory.path());
        return fail(Failure::unavailable, "held-by-another-process", "found that another process has it open");
    };
    CommandLine line{serving.program, {serving.console, serving.runtime, "/", {}}};
    REQUIRE_FALSE(line.read({"query", "sums", "--data", serving.directory.path()}));
    line.carry_out();
    CHECK(line.is_for_service());
    CHECK(serving.console.said_out.empty());
    CHECK(serving.console.said_err.empty());
}

// A program, and this process has its log.
struct HeldGuestBook {
    HeldGuestBook()
    {
        Child sign{GUEST_BOOK_1, {"sign", "ada", "York", "--data", data}};
        const auto signed_in = sign.wait();
        INFO(signed_in.errors);
        REQUIRE(signed_in.exit_code == 0);
        auto opened = LevelDbStore::open(runtime, {.directory = data + "/log"});
        REQUIRE(opened);
        log = std::move(opened.value());
    }

    const TemporaryDirectory directory;
    const std::string data{directory.path() + "/data"};
    SystemExecutor executor;
    const Runtime runtime{system_clock(), executor, system_ids(), system_files()};
    std::unique_ptr<LevelDbStore> log;
};

TEST_CASE("a program waits until another one closes the data", "[service][process][waiting]")
{
    HeldGuestBook held;
    Child query{GUEST_BOOK_1, {"query", "guests", "--data", held.data}};
    CHECK_THAT(query.read_error_line(), Catch::Contains("waits for it, at most 30 seconds"));
    held.log.reset();
    CHECK_THAT(query.read_line().value_or(""), Catch::Contains("visits"));
    CHECK(query.wait().exit_code == 0);
}

TEST_CASE("a program whose service starts while it waits is answered by the service", "[service][process][waiting]")
{
    HeldGuestBook held;
    Child query{GUEST_BOOK_1, {"query", "guests", "--data", held.data}};
    CHECK_THAT(query.read_error_line(), Catch::Contains("waits for it"));
    const auto door = door_in(held.data);
    CHECK(query.read_line().value_or("") == "by the service");
    CHECK(query.wait().exit_code == 0);
}

TEST_CASE("a service waits until another program closes the data", "[service][process][serve][waiting]")
{
    HeldGuestBook held;
    Child serve{GUEST_BOOK_1, {"serve", "--data", held.data}};
    CHECK_THAT(serve.read_error_line(),
               Catch::Contains("waits-for-directory") && Catch::Contains("process " + std::to_string(getpid())));
    held.log.reset();
    CHECK_THAT(serve.read_line().value_or(""), Catch::Contains("as process"));
    serve.signal(SIGTERM);
    CHECK(serve.wait().exit_code == 0);
}

} // namespace opening_test
