// Members of a consumer group in processes of their own, which are stopped and killed while they work, and so is the service.
#include "real/mailroom.hpp"

#include <csignal>
#include <map>
#include <random>
#include <sstream>

namespace members_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

// A line of the handler: "post-late 2 4711 begun".
struct Handling {
    std::string stream;
    int number     = 0;
    long process   = 0;
    bool has_ended = false;
};

std::vector<Handling> handlings(const Mailroom& mailroom)
{
    std::vector<Handling> all;
    for (const auto& line : Mailroom::lines_of(mailroom.posted())) {
        Handling one;
        std::string word;
        std::istringstream{line} >> one.stream >> one.number >> one.process >> word;
        one.has_ended = word == "ended";
        all.push_back(one);
    }
    return all;
}

bool has_ended(const Mailroom& mailroom, const std::string& stream, int number)
{
    const auto all = handlings(mailroom);
    return std::any_of(all.begin(), all.end(), [&](const Handling& one) {
        return one.has_ended && one.stream == stream && one.number == number;
    });
}

// Where an event is begun though the one before it in its stream has never ended; empty: nowhere.
std::string out_of_order(const std::vector<Handling>& all)
{
    std::map<std::string, int> ended;
    for (const auto& one : all) {
        int& last = ended[one.stream];
        if (one.number > last + 1) return one.stream + " " + std::to_string(one.number);
        if (one.has_ended) last = std::max(last, one.number);
    }
    return "";
}

TEST_CASE(
    "a member process that was stopped beyond its lease, and goes on, is refused and begins nothing that others have",
    "[real][groups]")
{
    const Mailroom mailroom;
    const auto service = mailroom.serve();
    ::setenv("POSTED_WAITS", ("post-late 2 " + mailroom.go_on()).c_str(), 1);
    const auto stopped = mailroom.carry_post("1s", "1");
    ::unsetenv("POSTED_WAITS");
    REQUIRE(mailroom.type({"post", "late", "3"}).size() == 3);
    const auto is_begun = [&] {
        const auto all = handlings(mailroom);
        return not all.empty() && all.back().number == 2;
    };
    REQUIRE(mailroom.until(is_begun));
    const auto first = handlings(mailroom).back().process;
    const auto shown = mailroom.ask({"groups", "show", "postmen"});
    REQUIRE(shown["members"].size() == 1);
    CHECK(shown["members"].at(0)["where"].text() == "another process");
    CHECK(shown["members"].at(0)["member"].text().ends_with("/" + std::to_string(first)));
    stopped->signal(SIGSTOP);

    const auto other = mailroom.carry_post("1s", "1");
    REQUIRE(mailroom.until([&] { return has_ended(mailroom, "post-late", 3); }));
    std::ofstream{mailroom.go_on()} << "go on";
    stopped->signal(SIGCONT);
    REQUIRE(mailroom.until([&] { return stopped->read_error_line().find("lease-ended") != std::string::npos; }));
    for (const auto& one : handlings(mailroom)) {
        if (one.number == 3) CHECK(one.process != first);
    }
    // Both go on.
    for (const std::string stream : {"a", "b", "c", "d"}) CHECK(mailroom.type({"post", stream, "5"}).size() == 5);
    REQUIRE(mailroom.until([&] { return mailroom.ask({"groups", "show", "postmen"})["lag"] == 0; }));
    CHECK(out_of_order(handlings(mailroom)) == "");
    for (const std::string stream : {"a", "b", "c", "d"}) CHECK(has_ended(mailroom, "post-" + stream, 5));
}

TEST_CASE("killed at random moments, members and service leave no event of a group out, and each stream in order",
          "[real][crash][groups]")
{
    const std::uint64_t seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const Mailroom mailroom;
    std::map<std::string, int> acknowledged; // by stream: its last number
    std::unique_ptr<Child> service = mailroom.serve();
    std::vector<std::unique_ptr<Child>> members;
    for (int i = 0; i < 2; ++i) members.push_back(mailroom.carry_post("1s", "2"));
    for (int kill = 0; kill < 12; ++kill) {
        INFO("kill " << kill);
        const auto stream        = std::to_string(random() % 5);
        constexpr int together   = 30;
        const auto note_answered = [&](const std::string& line) { acknowledged[stream] = std::stoi(line); };
        Child post{MAILROOM_PROGRAM, mailroom.with_data({"post", stream, std::to_string(together)})};
        for (auto left = random() % together; left > 0; --left) {
            if (const auto line = post.read_line()) note_answered(*line);
        }
        const auto whom = random() % 3;
        auto& killed    = whom == 2 ? service : members[whom];
        killed->kill();
        killed->wait();
        // When the service was killed, what posts ends early, or opens the log itself and goes on.
        while (const auto line = post.read_line()) note_answered(*line);
        post.wait();
        killed = whom == 2 ? mailroom.serve() : mailroom.carry_post("1s", "2");
    }
    CHECK(mailroom.until([&] {
        const auto group = mailroom.ask({"groups", "show", "postmen"});
        return group["lag"].is_unsigned() && group["lag"] == 0;
    }));
    const auto all = handlings(mailroom);
    CHECK(out_of_order(all) == "");
    REQUIRE_FALSE(acknowledged.empty());
    for (const auto& [stream, last] : acknowledged) {
        INFO("stream " << stream);
        for (int number = 1; number <= last; ++number) CHECK(has_ended(mailroom, "post-" + stream, number));
    }
    service->signal(SIGTERM);
    CHECK(service->wait().exit_code == 0);
    for (const auto& member : members) {
        member->signal(SIGTERM);
        CHECK(member->wait().exit_code == 0);
    }
}

} // namespace members_test
