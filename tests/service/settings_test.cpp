// Options from the environment and from a file.
#include "service/serving.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cstdlib>
#include <fstream>

namespace settings_test {

using namespace eventloom;
using namespace eventloom::testing;

using Words = std::vector<std::string>;

// Set while this lives.
class Variable {
public:
    Variable(std::string name, const std::string& value) : name_{std::move(name)}
    {
        ::setenv(name_.c_str(), value.c_str(), 1);
    }
    ~Variable() { ::unsetenv(name_.c_str()); }
    Variable(const Variable&)            = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const std::string name_;
};

std::string file_with(const TemporaryDirectory& directory, const std::string& text)
{
    const auto path = directory.path() + "-settings.toml";
    std::ofstream{path} << text;
    return path;
}

TEST_CASE("what was typed wins over the environment, the environment over the file, and the file over the default",
          "[service][settings]")
{
    Serving serving;
    const auto file = file_with(serving.directory, "step = 3\n[counters.list]\nlimit = 30\nopen = true\n");
    const Words list{"counters", "list", "--newest"};
    const auto typed = [&](Words more) {
        serving.step = 1, serving.limit = 10, serving.only_open = false;
        Words words{list};
        words.insert(words.end(), more.begin(), more.end());
        INFO(serving.console.said_err);
        CHECK(serving.type(words) == 0);
        CHECK(serving.console.said_err.empty());
    };
    typed({});
    CHECK((serving.step == 1 && serving.limit == 10 && not serving.only_open));
    typed({"--config", file});
    CHECK((serving.step == 3 && serving.limit == 30 && serving.only_open));
    const Variable step{"TALLY_STEP", "2"};
    const Variable limit{"TALLY_COUNTERS_LIST_LIMIT", "20"};
    typed({"--config=" + file});
    CHECK((serving.step == 2 && serving.limit == 20 && serving.only_open));
    typed({"--config", file, "-n", "4", "--step=5"});
    CHECK((serving.step == 5 && serving.limit == 4));
    const Variable config{"TALLY_CONFIG", file};
    typed({"-n7"});
    CHECK((serving.step == 2 && serving.limit == 7 && serving.only_open));
    const Variable empty{"TALLY_COUNTERS_LIST_OPEN", ""}; // as if it were not set
    typed({});
    CHECK(serving.only_open);
    const Variable closed{"TALLY_COUNTERS_LIST_OPEN", "false"};
    typed({});
    CHECK_FALSE(serving.only_open);
    // Another one of a choice was typed already.
    const Variable oldest{"TALLY_COUNTERS_LIST_OLDEST", "true"};
    typed({});
    CHECK((serving.newest && not serving.oldest));
}

TEST_CASE("a value from elsewhere is checked as if it were typed, and the error says where it comes from",
          "[service][settings]")
{
    Serving serving;
    const Variable threads{"TALLY_THREADS", "none"};
    CHECK(serving.type({"serve"}) == 2);
    INFO(serving.console.said_err);
    CHECK(serving.console.said_err.find("(the environment variable TALLY_THREADS)") != std::string::npos);
    CHECK(serving.type({"query", "sums"}) == 0); // which has no such option
}

TEST_CASE("a key of the file that no option has ends the command, and a variable that no option has is said",
          "[service][settings]")
{
    Serving serving;
    const auto refused = [&](const std::string& text, const std::string& found) {
        CHECK(serving.type({"query", "sums", "--config", file_with(serving.directory, text)}) == 2);
        INFO(serving.console.said_err);
        CHECK(serving.console.said_err.find(found) != std::string::npos);
    };
    refused("treads = 4\n", "the key treads, which no option has; did you mean threads?");
    refused("[counters.list]\nlimmit = 4\n", "the key counters.list.limmit, which no option has; did you mean "
                                             "counters.list.limit?");
    refused("[serve]\nthreads = 4\n", "the key serve.threads");
    refused("config = \"other.toml\"\n", "the key config");
    refused("data = \"some#where\"\n", "a quote that is not closed in the line of data");
    CHECK(serving.type({"query", "sums", "--config", "/no/such/file"}) == 2);
    CHECK(serving.console.said_err.find("/no/such/file") != std::string::npos);
    CHECK(serving.type({"query", "sums", "--config", serving.directory.path()}) == 2);
    CHECK(serving.console.said_err.find("cannot be read") != std::string::npos);

    const Variable misspelt{"TALLY_TREADS", "4"};
    CHECK(serving.type({"query", "sums"}) == 0);
    CHECK(serving.console.said_err ==
          "read the environment variable TALLY_TREADS and found no option for it; did you mean TALLY_THREADS?\n");
}

TEST_CASE("serve takes its options from everywhere, and says which were not typed, but not what they are",
          "[service][settings][serve]")
{
    Serving serving;
    const auto file = file_with(serving.directory, "log = \"json\"\nthreads = 3\n");
    CHECK(serving.type({"serve", "--config", file}) == 0);
    CHECK(serving.threads == 3);
    const Variable threads{"TALLY_THREADS", "5"};
    const Variable level{"TALLY_LOG_LEVEL", "error"};
    CHECK(serving.type({"serve", "--config", file, "--log", "plain"}) == 0);
    CHECK(serving.threads == 5);
    CHECK(serving.console.said_err.find(
              "info setting option=--threads from=\"the environment variable TALLY_THREADS\"") != std::string::npos);
    CHECK(serving.console.said_err.find("option=--log-level") != std::string::npos);
    CHECK(serving.console.said_err.find("option=--log ") == std::string::npos); // it was typed
    CHECK(serving.type({"serve", "--threads", "4", "--config", file, "--log", "plain", "--log-level", "error"}) == 0);
    CHECK(serving.threads == 4);
    CHECK(serving.console.said_err.empty());
    CHECK(serving.type({"counters", "list", "--newest"}) == 0);
    CHECK(serving.threads == 2);
}

TEST_CASE("a service that runs is sent the settings of a command, but not those that it was started with",
          "[service][settings]")
{
    Serving serving;
    const Variable step{"TALLY_STEP", "2"};
    const Variable limit{"TALLY_COUNTERS_LIST_LIMIT", "20"};
    CHECK(serving.type({"counters", "list", "--newest"}) == 0);
    CHECK(serving.for_service ==
          Words{"counters", "list", "--newest", "--data", serving.directory.path(), "--limit=20"});

    // It reads only what it is sent: its own environment is another one.
    Serving::Opened opened{serving};
    serving.limit = 0;
    CommandLine sent{serving.program,
                     {.console           = serving.console,
                      .runtime           = serving.runtime,
                      .working_directory = "/",
                      .data_directory    = serving.directory.path(),
                      .running           = &opened}};
    CHECK_FALSE(sent.read({"counters", "list", "--newest"}));
    CHECK(serving.limit == 0);
}

TEST_CASE("the help of a command shows the environment variable of each of its options", "[service][settings]")
{
    Serving serving;
    const auto help = [&](const Words& words) {
        serving.console.said_out.clear();
        CHECK(serving.type(words) == 0);
        return serving.console.said_out;
    };
    const auto of_list = help({"help", "counters", "list"});
    CHECK_THAT(of_list, Catch::Contains("At most this many [TALLY_COUNTERS_LIST_LIMIT]"));
    CHECK_THAT(of_list, Catch::Contains("[TALLY_COUNTERS_LIST_NEWEST]"));
    CHECK(help({"counters", "list", "--help"}) == of_list);
    CHECK_THAT(help({"help"}), Catch::Contains("How much is added [TALLY_STEP]"));
    CHECK_THAT(help({"help", "serve"}), Catch::Contains("[TALLY_THREADS]"));
    CHECK_THAT(help({"--help-all"}), Catch::Contains("[TALLY_THREADS]"));
    CHECK_THAT(help({"--help-all"}), not Catch::Contains("[TALLY_HELP"));
}

TEST_CASE("a variable that an option has of CLI11 makes no command of a running service fail", "[service][settings]")
{
    Serving serving;
    const Variable step{"STEP_OF_THE_SERVICE", "2"};
    serving.program.set_up = [&](CommandLine& line) {
        serving.set_up(line);
        line.app().of_library().get_option("--step")->envname("STEP_OF_THE_SERVICE");
    };
    Serving::Opened opened{serving};
    const auto sent = [&](Words words) {
        serving.console.said_err.clear();
        CommandLine line{serving.program,
                         {.console           = serving.console,
                          .runtime           = serving.runtime,
                          .working_directory = "/",
                          .data_directory    = serving.directory.path(),
                          .running           = &opened}};
        if (const auto ended = line.read(std::move(words))) return *ended;
        return line.carry_out();
    };
    CHECK(sent({"counters", "list", "--newest"}) == 0);
    for (const Words& typed : {Words{"--step", "3"}, Words{"--step=3"}}) {
        Words words{"counters", "list", "--newest"};
        words.insert(words.end(), typed.begin(), typed.end());
        CHECK(sent(words) == 1);
        CHECK(serving.console.said_err.find("give this option when you start the service") != std::string::npos);
    }
}

TEST_CASE("an option of a command is not the program's of the same name, wherever each comes from",
          "[service][settings]")
{
    Serving serving;
    std::int64_t of_program = 1;
    serving.program.set_up  = [&](CommandLine& line) {
        serving.set_up(line);
        line.used_when_opening(line.app().add_option("--limit", of_program, "Of the program"));
    };
    {
        const Variable variable{"TALLY_LIMIT", "5"};
        CHECK(serving.type({"counters", "list", "--newest", "--limit", "7"}) == 0);
        CHECK((serving.limit == 7 && of_program == 5));
        serving.limit = 0;
        CHECK(serving.type({"counters", "list", "--newest"}) == 0);
        CHECK((serving.limit == 0 && of_program == 5));
        CHECK(serving.type({"--limit", "3", "counters", "list", "--newest", "--limit", "7"}) == 0);
        CHECK((serving.limit == 7 && of_program == 3));
        CHECK(serving.type({"counters", "list", "--newest", "--limit", "many"}) == 2);
        CHECK(serving.console.said_err.find("TALLY_LIMIT") == std::string::npos);
    }
    Serving::Opened opened{serving};
    const auto sent = [&](Words words) {
        serving.console.said_err.clear();
        CommandLine line{serving.program,
                         {.console           = serving.console,
                          .runtime           = serving.runtime,
                          .working_directory = "/",
                          .data_directory    = serving.directory.path(),
                          .running           = &opened}};
        if (const auto ended = line.read(std::move(words))) return *ended;
        return line.carry_out();
    };
    CHECK(sent({"counters", "list", "--newest", "--limit", "7"}) == 0);
    CHECK(sent({"--limit", "3", "counters", "list", "--newest"}) == 1);
    CHECK(serving.console.said_err.find("give this option when you start the service") != std::string::npos);
}

} // namespace settings_test
