// Workers in processes of their own, which are stopped and killed while they work, and so is the service.
#include "real/mailroom.hpp"
#include "real/store_on_disk.hpp"

#include <eventloom/service/detail/json.hpp>

#include <chrono>
#include <csignal>
#include <map>
#include <random>

namespace workers_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

std::vector<std::string> words_of_history(const Json& job)
{
    std::vector<std::string> words;
    for (const Json& entry : job["history"].elements()) words.push_back(entry["what"].text());
    return words;
}

TEST_CASE("a worker process that was stopped beyond its lease, and goes on, is refused, and nothing happens twice",
          "[real][queues]")
{
    const Mailroom mailroom;
    const auto service = mailroom.serve();
    const auto stopped = mailroom.work("1s", "1");
    const auto said    = mailroom.type({"fill-waiting", "late", mailroom.go_on()});
    REQUIRE(said.size() == 1);
    const auto id = said[0].substr(said[0].find(' ') + 1);
    REQUIRE(mailroom.until([&] { return mailroom.begun().size() == 1; }));
    stopped->signal(SIGSTOP);

    const auto other = mailroom.work("1s", "1");
    REQUIRE(mailroom.until([&] { return mailroom.ask({"jobs", "show", id})["state"].text() == "completed"; }));
    std::ofstream{mailroom.go_on()} << "go on";
    stopped->signal(SIGCONT);
    // What it has in its hands it cannot end; then it does the next ones.
    REQUIRE(mailroom.until([&] { return stopped->read_error_line().find("job-taken-away") != std::string::npos; }));
    CHECK(mailroom.type({"fill", "1", "20"}).size() == 20);
    REQUIRE(mailroom.until([&] { return mailroom.ask({"queues", "show", "parcels"})["completed"].whole() == 21; }));

    CHECK(words_of_history(mailroom.ask({"jobs", "show", id})) ==
          std::vector<std::string>{"enqueued", "leased", "attempt-failed", "leased", "completed"});
    CHECK(mailroom.ask({"streams", "read", "tally-late"}).size() == 1);
    CHECK(mailroom.begun().size() == 22);
}

TEST_CASE("killed at random moments, workers and service lose no job, and each has its effect once",
          "[real][crash][queues]")
{
    const std::uint64_t seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const Mailroom mailroom;
    std::map<std::string, std::string> acknowledged; // by name: its id
    std::uint64_t first = 0;
    {
        std::unique_ptr<Child> service = mailroom.serve();
        std::vector<std::unique_ptr<Child>> workers;
        for (int i = 0; i < 2; ++i) workers.push_back(mailroom.work("1s", "2"));
        for (int kill = 0; kill < 30; ++kill) {
            INFO("kill " << kill);
            constexpr std::uint64_t together = 40;
            Child fill{MAILROOM_PROGRAM, mailroom.with_data({"fill", std::to_string(first), std::to_string(together)})};
            first += together;
            // A moment is a number of acknowledged jobs, whatever the machine's speed.
            const auto note = [&](const std::string& line) {
                const auto space = line.find(' ');
                REQUIRE(space != std::string::npos);
                acknowledged.emplace(line.substr(0, space), line.substr(space + 1));
            };
            for (auto left = random() % together; left > 0; --left) {
                if (const auto line = fill.read_line()) note(*line);
            }
            const auto whom = random() % 3;
            auto& killed    = whom == 2 ? service : workers[whom];
            killed->kill();
            killed->wait();
            // When the service was killed, what enqueues ends early, or opens the log itself and goes on.
            while (const auto line = fill.read_line()) note(*line);
            fill.wait();
            killed = whom == 2 ? mailroom.serve() : mailroom.work("1s", "2");
        }
        const auto all_ended = [&] {
            const auto queue = mailroom.ask({"queues", "show", "parcels"});
            return queue["waiting"].is_unsigned() && queue["waiting"] == 0 && queue["scheduled"] == 0 &&
                   queue["running"] == 0;
        };
        CHECK(mailroom.until(all_ended));
        service->signal(SIGTERM);
        CHECK(service->wait().exit_code == 0);
    }
    REQUIRE(acknowledged.size() >= first / 4);
    std::map<std::string, int> completed;
    std::map<std::string, int> handled;
    const RealMachine machine;
    const auto store = machine.open(mailroom.data() + "/log");
    for (const auto& [event_id, event] : events_of_a_sound_store(*store)) {
        if (event.type == "job-completed") ++completed[event.stream];
        if (event.type == "handled") ++handled[event.stream];
    }
    for (const auto& [name, id] : acknowledged) {
        INFO("job " << name << ", " << id);
        CHECK(completed["job-" + id] == 1);
        CHECK(handled["tally-" + name] == 1);
    }
    // Those whose acknowledgement was lost are there once, or not at all.
    for (const auto& [stream, times] : handled) CHECK(times == 1);
    for (const auto& [stream, times] : completed) CHECK(times == 1);
    SUCCEED(acknowledged.size() << " jobs, " << mailroom.begun().size() << " attempts");
}

TEST_CASE("a job that needs the log goes back from a worker elsewhere as it was, and the worker ends with a sentence",
          "[real][queues]")
{
    const Mailroom mailroom;
    std::string id;
    {
        const auto service = mailroom.serve();
        id                 = mailroom.ask({"jobs", "enqueue", "count", R"({"name": "one"})"})["job"].text();
        Child worker{MAILROOM_PROGRAM, mailroom.with_data({"work", "parcels", "--workers", "1", "--json"})};
        const auto ended = worker.wait();
        CHECK(ended.exit_code == 1);
        CHECK(ended.errors.find("worker-has-no-log") != std::string::npos);
        REQUIRE(mailroom.until([&] {
            const auto state = mailroom.ask({"jobs", "show", id})["state"].text();
            return state == "waiting" || state == "scheduled";
        }));
        CHECK(words_of_history(mailroom.ask({"jobs", "show", id})) ==
              std::vector<std::string>{"enqueued", "leased", "postponed"});
        CHECK(mailroom.ask({"jobs", "show", id})["attempts"].whole() == 0);
        service->signal(SIGTERM);
        CHECK(service->wait().exit_code == 0);
    }
    // The service's own workers have the log.
    const auto service = mailroom.begin({"serve"});
    CHECK(mailroom.until([&] { return mailroom.ask({"jobs", "show", id})["state"].text() == "completed"; }));
}

} // namespace workers_test
