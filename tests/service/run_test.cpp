// el::run() in a process of its own, as main() calls it.
#include "support/every_store.hpp"

#include <eventloom/framework/decision.hpp>
#include <eventloom/framework/event_codec.hpp>
#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace run_test {

using namespace eventloom;
using namespace eventloom::testing;

class BareService final : public OpenService {
public:
    explicit BareService(std::unique_ptr<Service> service) : service_{std::move(service)} {}
    Service& service() override { return *service_; }

private:
    std::unique_ptr<Service> service_;
};

// A program with commands that never come back, as a call to somebody else's library may, and that throw.
const Program program{
    "bare", "A service of its own.", [](CommandLine& line) {
        line.opens([](const Runtime& runtime, const std::string& directory,
                      bool create_if_missing) -> result<std::unique_ptr<OpenService>> {
            BOOST_OUTCOME_TRY(auto service,
                              Service::open(runtime, {.directory = directory, .create_if_missing = create_if_missing}));
            return std::unique_ptr<OpenService>{std::make_unique<BareService>(std::move(service))};
        });
        line.on(line.app().add_subcommand("hang"), [&line](Output& out) -> result<void> {
            BOOST_OUTCOME_TRY(line.open(true));
            out.console().out("hanging\n");
            for (;;) ::pause();
        });
        line.on(line.app().add_subcommand("print").add_subcommand("labels"), [&line](Output&) -> result<void> {
            BOOST_OUTCOME_TRY(line.open(true));
            throw std::runtime_error{"no printer"};
        });
        line.app().add_subcommand("count").add_option_function(
            "things", [](const std::string&) { throw std::runtime_error{"not countable"}; });
    }};

// An event of an aggregate, in which decisions that span streams are interested as well.
struct Came {
    std::string city;
};
struct Visitor {
    static constexpr auto category = "visitor";
    using Events                   = events<event<"visitor-came", Came>>;
};
struct Cities {
    static constexpr auto stream = "cities";
    using Events                 = events<event<"visitor-came", Came>>;
};
// Another one under its name.
struct CameBy {
    std::int64_t train = 0;
};
struct Train {
    static constexpr auto category = "train";
    using Events                   = events<event<"visitor-came", CameBy>>;
};

const Program with_an_event_in_two_lists{"bare", "Of visitors.", [](CommandLine& line) {
                                             line.knows(event_types<Visitor>());
                                             line.knows(std::vector{event_types<Cities>()}); // it need not last
                                         }};
const Program with_two_events_of_one_name{"bare", "Of visitors.", [](CommandLine& line) {
                                              line.knows(event_types<Visitor>());
                                              line.knows(event_types<Train>());
                                          }};

class Child {
public:
    explicit Child(std::vector<std::string> words, const Program& of = program)
    {
        int ends[2] = {-1, -1};
        REQUIRE(::pipe(ends) == 0);
        std::cout.flush(); // what waits there would be the child's too
        process_ = ::fork();
        REQUIRE(process_ >= 0);
        if (process_ == 0) {
            ::dup2(ends[1], STDOUT_FILENO);
            ::dup2(ends[1], STDERR_FILENO);
            ::signal(SIGABRT, SIG_DFL); // the handler of the tests' own program would report a failed test
            words.insert(words.begin(), "bare");
            std::vector<char*> arguments;
            for (auto& word : words) arguments.push_back(word.data());
            std::_Exit(run(of, static_cast<int>(arguments.size()), arguments.data()));
        }
        ::close(ends[1]);
        output_ = ends[0];
    }
    ~Child()
    {
        ::close(output_);
        if (is_over_) return;
        kill(SIGKILL);
        wait();
    }
    Child(const Child&)            = delete;
    Child& operator=(const Child&) = delete;

    std::string line() const
    {
        std::string text;
        for (char byte = 0; ::read(output_, &byte, 1) == 1 && byte != '\n';) text += byte;
        return text;
    }
    void kill(int signal) const { ::kill(process_, signal); }
    int wait()
    {
        is_over_   = true;
        int status = 0;
        REQUIRE(::waitpid(process_, &status, 0) == process_);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    pid_t process() const { return process_; }

private:
    pid_t process_ = -1;
    int output_    = -1;
    bool is_over_  = false;
};

// What is promised, and what a machine that is busy with other tests may add to it.
constexpr auto a_second = std::chrono::milliseconds{1'000} + std::chrono::milliseconds{1'000};

TEST_CASE("a command that does not come back cannot keep the program from ending within a second of a signal",
          "[service][run]")
{
    const TemporaryDirectory directory;
    const auto [signal, exit_code] = GENERATE(std::pair{SIGINT, 130}, std::pair{SIGTERM, 143});
    Child child{{"hang", "--data", directory.path() + "/data"}};
    REQUIRE(child.line() == "hanging");
    const auto began = std::chrono::steady_clock::now();
    child.kill(signal);
    CHECK(child.wait() == exit_code);
    CHECK(std::chrono::steady_clock::now() - began < a_second);
}

TEST_CASE("a service in which something does not come back ends within a second of a signal, and well",
          "[service][run]")
{
    const TemporaryDirectory directory;
    const std::vector<std::string> data{"--data", directory.path() + "/data"};
    for (int round = 0; round < 2; ++round) {
        Child service{{"serve", data[0], data[1]}};
        REQUIRE(service.line() ==
                "bare serves " + data[1] + " as process " + std::to_string(service.process()) + "; Ctrl-C stops it.");
        Child client{{"hang", data[0], data[1]}};
        REQUIRE(client.line() == "hanging");
        const auto began = std::chrono::steady_clock::now();
        service.kill(SIGTERM);
        service.kill(SIGINT); // a second one breaks nothing
        CHECK(service.wait() == 0);
        CHECK(std::chrono::steady_clock::now() - began < a_second);
        CHECK(client.wait() == 1); // service-went-away
    }
}

TEST_CASE("a command that throws fails alone, here and in the service that runs", "[service][run][user-code]")
{
    const TemporaryDirectory directory;
    const std::vector<std::string> data{"--data", directory.path() + "/data"};
    const auto fails = [&] {
        Child command{{"print", "labels", data[0], data[1]}};
        CHECK(command.line() == "ran the command bare print labels and found that it threw an exception: no printer; "
                                "correct that code, then try again");
        CHECK(command.wait() == 1);
        Child checked{{"count", "1", data[0], data[1]}};
        CHECK(checked.line().find("not countable") != std::string::npos);
        CHECK(checked.wait() == 1);
    };
    fails();
    Child service{{"serve", data[0], data[1]}};
    CHECK(service.line().find("serves") != std::string::npos);
    for (int again = 0; again < 2; ++again) fails();
    Child other{{"events", "tail", data[0], data[1]}};
    CHECK(other.wait() == 0);
    service.kill(SIGTERM);
    CHECK(service.wait() == 0);
}

TEST_CASE("an event may be in the list of an aggregate and in that of a decision", "[service][run]")
{
    Child child{{"help"}, with_an_event_in_two_lists};
    CHECK(child.line().find("Of visitors.") != std::string::npos);
    CHECK(child.wait() == 0);
}

TEST_CASE("two events of one stored name end the program with the name and both lists", "[service][run]")
{
    Child child{{"help"}, with_two_events_of_one_name};
    const auto said = child.line();
    CHECK(said.find("the event \"visitor-came\" is in the list of \"visitor\" and in that of \"train\", with other "
                    "members; give one of them another stored name") != std::string::npos);
    CHECK(child.wait() == -SIGABRT);
}

} // namespace run_test
