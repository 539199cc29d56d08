// Commands with --watch, at a service in a process of its own.
#include "real/mailroom.hpp"

#include <csignal>

namespace watch_test {

using namespace eventloom;
using namespace eventloom::testing;
using Words = std::vector<std::string>;

// The next document; null: the command has ended.
Json next_of(Child& child)
{
    const auto line = child.read_line();
    return line ? Json::parse(*line).value_or(Json{}) : Json{};
}

TEST_CASE("what is watched is shown at once and when it changes, a document a line, until Ctrl-C, which is a success",
          "[real][watch]")
{
    const Mailroom mailroom;
    const auto service = mailroom.serve();
    Child watched{MAILROOM_PROGRAM,
                  mailroom.with_data({"queues", "list", "--watch"})}; // in a pipe, so also without --json
    const auto first = next_of(watched);
    REQUIRE(first.size() == 1);
    CHECK(first.at(0)["queue"].text() == "parcels");
    CHECK(first.at(0)["waiting"] == 0);
    const auto said = mailroom.type({"fill", "1", "1"});
    REQUIRE(said.size() == 1);
    CHECK(next_of(watched).at(0)["waiting"] == 1); // nothing has changed meanwhile, so nothing was written
    watched.signal(SIGINT);
    CHECK_FALSE(watched.read_line());
    CHECK(watched.wait().exit_code == 0);

    const auto id = said[0].substr(said[0].find(' ') + 1);
    for (const Words& words :
         {Words{"queues", "show", "parcels"}, Words{"jobs", "show", id}, Words{"subscriptions", "list"},
          Words{"groups", "list"}, Words{"groups", "show", "postmen"}, Words{"followers", "list"},
          Words{"followers", "show", "parcels"}, Words{"topics", "list"}}) {
        INFO(words[0] << " " << words[1]);
        auto typed = words;
        typed.insert(typed.end(), {"--watch", "--json"});
        Child child{MAILROOM_PROGRAM, mailroom.with_data(typed)};
        const auto line = child.read_line();
        REQUIRE(line);
        CHECK(Json::parse(*line)); // in one line
        child.signal(SIGINT);
        CHECK(child.wait().exit_code == 0);
    }
}

TEST_CASE("what is watched ends with an error when there is nothing to watch, or the service stops", "[real][watch]")
{
    const Mailroom mailroom;
    {
        const auto service = mailroom.serve();
        Child unknown{MAILROOM_PROGRAM, mailroom.with_data({"queues", "show", "letters", "--watch"})};
        const auto ended = unknown.wait();
        CHECK(ended.exit_code == 1);
        CHECK(ended.errors.find("only: parcels") != std::string::npos);

        Child watched{MAILROOM_PROGRAM, mailroom.with_data({"queues", "list", "--watch", "--json"})};
        REQUIRE(watched.read_line());
        service->signal(SIGTERM);
        const auto stopped = watched.wait();
        CHECK(stopped.exit_code == 1);
        CHECK(stopped.errors.find("service-stopping") != std::string::npos);
        CHECK(service->wait().exit_code == 0);
    }
    Child alone{MAILROOM_PROGRAM, mailroom.with_data({"queues", "list", "--watch", "--json"})};
    const auto ended = alone.wait();
    CHECK(ended.exit_code == 1);
    CHECK(ended.errors.find("no-service-to-watch") != std::string::npos);
}

} // namespace watch_test
