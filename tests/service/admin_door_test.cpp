// The door of a running service, and what comes in at it.
#include "service/door_client.hpp"
#include "support/answers.hpp"
#include "support/every_store.hpp"

#include "door/admin_door.hpp"
#include "door/door_console.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace admin_door_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::string_literals;

std::string code_of(const std::string& answer)
{
    const auto json = nlohmann::json::parse(body_of(answer), nullptr, false);
    return json.is_discarded() ? "no JSON: " + answer : json["error"].value("code", "");
}

std::string command(const std::string& word)
{
    return post(nlohmann::json{{"arguments", {word}}}.dump());
}

const std::string health = get("/health");

// A door whose commands are: echo, and wait, which goes on until nobody wants it.
class Machine {
public:
    explicit Machine(AdminLimits limits = {})
    {
        auto opened = AdminDoor::open(
            directory(),
            {.health    = [] { return R"({"status":"ok"})"; },
             .status    = [] { return R"({"position":7})"; },
             .carry_out = [this](const AdminCommand& what, Console& console) { return act(what, console); }},
            limits);
        REQUIRE(opened);
        door_ = std::move(opened.value());
    }

    const std::string& directory() const { return directory_.path(); }
    std::string ask(const std::string& request) const { return DoorClient{directory()}.send(request).read(); }
    bool is_well() const { return body_of(ask(health)) == R"({"status":"ok"})"; }
    void close() { door_.reset(); }

    // Of commands that waited: what ended them.
    std::string ended_by()
    {
        std::unique_lock lock{mutex_};
        ended_.wait(lock, [&] { return not codes_.empty(); });
        return codes_.back();
    }

private:
    int act(const AdminCommand& what, Console& console)
    {
        if (what.arguments.front() == "wait") {
            console.out("waiting\n");
            for (;;) {
                const auto wanted = console.wait(std::chrono::hours{1});
                if (wanted) continue;
                const std::lock_guard lock{mutex_};
                codes_.push_back(wanted.error().code);
                ended_.notify_all();
                return 130;
            }
        }
        console.out(what.arguments.front());
        console.err(what.working_directory);
        return 7;
    }

    const TemporaryDirectory directory_;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::vector<std::string> codes_;
    std::unique_ptr<AdminDoor> door_;
};

TEST_CASE("the door answers about the service, and carries out commands line by line", "[service][door]")
{
    const Machine machine;
    CHECK(body_of(machine.ask(health)) == R"({"status":"ok"})");
    CHECK(body_of(machine.ask(get("/status"))) == R"({"position":7})");
    const auto said = machine.ask(
        post(R"({"arguments": ["h\u00e9llo", "x"], "working_directory": {"hex": "2f61ff"}, "width": 100})"));
    CHECK(said.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(body_of(said) == "{\"out\":\"h\u00e9llo\"}\n{\"err\":{\"hex\":\"2f61ff\"}}\n{\"exit\":7}\n");
}

TEST_CASE("a request that is not as it should be is refused with a code, and harms nothing", "[service][door][hostile]")
{
    const Machine machine;
    const std::string host = "Host: localhost\r\n";
    std::string many_headers;
    for (int i = 0; i < 100'000; ++i) many_headers += "X-" + std::to_string(i) + ": 1\r\n";
    struct Case {
        std::string request;
        unsigned status;
        std::string code;
    };
    const std::vector<Case> cases{
        {"\x16\x03\x01 garbage\r\n\r\n", 400, "not-http"},
        {"GET /health\r\n\r\n", 400, "not-http"},
        {"GET /health HTTP/1.1\n" + host + "\r\n\r\n", 400, "not-http"},
        {"GET /health HTTP/1.1\r\n" + host + "X: a\0b\r\n\r\n"s, 400, "not-http"},
        {"GET /health HTTP/1.1\r\n\r\n", 400, "no-host"},
        {"GET /health HTTP/1.1\r\n" + host + "Host: other\r\n\r\n", 400, "two-hosts"},
        {"GET /health HTTP/1.1\r\n" + host + "X: a\r\n b\r\n\r\n", 400, "folded-header"},
        {"GET /health HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello", 400, "body-without-post"},
        {"GET /health HTTP/1.1\r\n" + host + many_headers + "\r\n", 431, "head-too-large"},
        {"GET /" + std::string(1'000'000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 431, "head-too-large"},
        {"GET /elsewhere HTTP/1.1\r\n" + host + "\r\n", 404, "no-such-page"},
        {"GET /../health HTTP/1.1\r\n" + host + "\r\n", 404, "no-such-page"},
        {"DELETE /status HTTP/1.1\r\n" + host + "\r\n", 405, "wrong-method"},
        {"GET /command HTTP/1.1\r\n" + host + "\r\n", 405, "wrong-method"},
        {"POST /command HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501,
         "unsupported-transfer-encoding"},
        {"POST /command HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n", 501,
         "unsupported-transfer-encoding"},
        {"POST /command HTTP/1.1\r\n" + host + "Content-Length: 0x10\r\n\r\n", 400, "not-http"},
        {"POST /command HTTP/1.1\r\n" + host + "Content-Length: 300000000\r\n\r\n" + std::string(3'000'000, ' '), 413,
         "request-too-large"},
        {"POST /command HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\n{}", 415, "not-application-json"},
        {post("not JSON"), 400, "not-json"},
        {post("\"\xff\""), 400, "not-json"},
        {post(std::string(200'000, '[')), 400, "json-too-deep"},
        {post("{}"), 400, "wrong-command-request"},
        {post("[]"), 400, "wrong-command-request"},
        {post(R"({"arguments": [7]})"), 400, "not-json"},
        {post(R"({"arguments": ["a\u0000b"]})"), 400, "wrong-command-request"},
        {post(R"({"arguments": [{"hex": "zz"}]})"), 400, "not-json"},
    };
    for (const auto& [request, status, code] : cases) {
        const auto answer = machine.ask(request);
        INFO(request.substr(0, 200));
        CHECK(answer.starts_with("HTTP/1.1 " + std::to_string(status) + " "));
        CHECK(code_of(answer) == code);
        CHECK(machine.is_well());
    }
    CHECK(DoorClient{machine.directory()}.send(health + health).read().find("HTTP/1.1", 1) == std::string::npos);
}

TEST_CASE("two hundred who connect and say nothing, or half of it, keep nobody else out, and are let go",
          "[service][door][hostile]")
{
    Machine machine{{.request_time_max = std::chrono::milliseconds{500}}};
    std::vector<std::unique_ptr<DoorClient>> silent;
    for (int i = 0; i < 200; ++i) {
        silent.push_back(std::make_unique<DoorClient>(machine.directory()));
        if (i % 2 == 0) silent.back()->send("POST /command HTTP/1.1\r\nHost: loc");
    }
    CHECK(machine.is_well());
    for (const auto& client : silent) CHECK(client->read().empty()); // closed without a word
    CHECK(machine.is_well());
}

TEST_CASE("what is more than the door takes at once is refused, and taken later", "[service][door]")
{
    Machine machine{{.connections_max = 3, .commands_at_once_max = 2}};
    {
        DoorClient one{machine.directory()};
        DoorClient other{machine.directory()};
        CHECK(one.send(command("wait")).read("waiting").find("waiting") != std::string::npos);
        CHECK(other.send(command("wait")).read("waiting").find("waiting") != std::string::npos);
        CHECK(code_of(machine.ask(command("echo"))) == "service-busy");
        CHECK(machine.is_well());
        DoorClient third{machine.directory()};
        third.send("GET ");
        CHECK(code_of(machine.ask(health)) == "service-busy");
    }
    CHECK(machine.ended_by() == "interrupted");
    std::string answer;
    do {
        answer = machine.ask(command("echo")); // until the two have ended
    } while (answer.find("service-busy") != std::string::npos);
    CHECK(body_of(answer).ends_with("{\"exit\":7}\n"));
}

TEST_CASE("a command ends when its client has gone, or says that it wants no more, and when the door closes",
          "[service][door]")
{
    Machine machine;
    SECTION("gone")
    {
        DoorClient{machine.directory()}.send(command("wait")).read("waiting");
        CHECK(machine.ended_by() == "interrupted");
    }
    SECTION("wants no more, and is still told how it ended")
    {
        DoorClient client{machine.directory()};
        client.send(command("wait")).read("waiting");
        client.send_no_more();
        CHECK(client.read().ends_with("{\"exit\":130}\n"));
    }
    SECTION("the door closes")
    {
        DoorClient client{machine.directory()};
        client.send(command("wait")).read("waiting");
        machine.close();
        CHECK(machine.ended_by() == "service-stopping");
        CHECK(client.read().ends_with("{\"exit\":130}\n"));
        CHECK_FALSE(std::filesystem::exists(machine.directory() + "/admin.sock"));
    }
}

TEST_CASE("what a command says while its service stops comes together with its end", "[service][door]")
{
    int connection[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection) == 0);
    const int stopping  = ::eventfd(0, EFD_CLOEXEC);
    const auto received = [&] {
        char bytes[4096];
        const auto count = ::recv(connection[1], bytes, sizeof bytes, MSG_DONTWAIT);
        return std::string{bytes, count > 0 ? static_cast<std::size_t>(count) : 0};
    };
    DoorConsole console{connection[0], stopping, {}};
    console.err("at work\n");
    CHECK(received().find("at work") != std::string::npos);
    REQUIRE(::eventfd_write(stopping, 1) == 0);
    console.err("stopped\n");
    CHECK(received().empty());
    console.end(1);
    const auto last = received();
    CHECK(last.find("stopped") != std::string::npos);
    CHECK(last.ends_with("{\"exit\":1}\n"));
    for (const int one : {connection[0], connection[1], stopping}) ::close(one);
}

TEST_CASE("the socket is its user's alone, however deep the directory lies", "[service][door]")
{
    const TemporaryDirectory directory;
    const auto deep = directory.path() + "/" + std::string(200, 'd') + "/" + std::string(200, 'e');
    std::filesystem::create_directories(deep);
    const AdminAnswers answers{.health = [] { return "{}"; }, .status = [] { return "{}"; }, .carry_out = {}};
    {
        const auto door = AdminDoor::open(deep, answers);
        REQUIRE(door);
        struct stat about {};
        REQUIRE(::stat((deep + "/admin.sock").c_str(), &about) == 0);
        CHECK((about.st_mode & 07777) == 0600);
        CHECK(body_of(DoorClient{deep}.send(health).read()) == "{}");
    }
    SECTION("a file that is no socket is left alone")
    {
        std::ofstream{deep + "/admin.sock"} << "mine";
        const auto door = AdminDoor::open(deep, answers);
        REQUIRE_FALSE(door);
        CHECK(door.error().code == "not-a-socket");
        CHECK(std::filesystem::file_size(deep + "/admin.sock") == 4);
    }
    SECTION("a directory in which everybody may write is not served")
    {
        std::filesystem::permissions(deep, std::filesystem::perms::all);
        const auto door = AdminDoor::open(deep, answers);
        REQUIRE_FALSE(door);
        CHECK(door.error().code == "directory-open-to-others");
    }
}

TEST_CASE("a door whose answers fail or throw says so, and goes on", "[service][door][user-code]")
{
    const TemporaryDirectory directory;
    bool throws       = true;
    const auto opened = AdminDoor::open(
        directory.path(),
        {.health = [&]() -> result<std::string> {
             if (throws) throw std::runtime_error{"no stethoscope"};
             return fail(Failure::storage, "store-closed-by-fault", "The disk is full.");
         },
         .status    = []() -> std::string { throw std::runtime_error{"no thermometer"}; },
         .carry_out = [](const AdminCommand&, Console&) -> int { throw std::runtime_error{"no hands"}; }});
    REQUIRE(opened);
    const auto ask = [&](const std::string& request) { return DoorClient{directory.path()}.send(request).read(); };
    for (int again = 0; again < 3; ++again) {
        CHECK(code_of(ask(health)) == "exception-in-user-code");
        CHECK(code_of(ask(get("/status"))) == "exception-in-user-code");
        const auto said = ask(command("wave"));
        CHECK(said.find("no hands") != std::string::npos);
        CHECK(said.find(R"({"exit":1})") != std::string::npos);
    }
    throws = false;
    CHECK(ask(health).starts_with("HTTP/1.1 503 "));
    CHECK(code_of(ask(health)) == "store-closed-by-fault");
}

} // namespace admin_door_test
