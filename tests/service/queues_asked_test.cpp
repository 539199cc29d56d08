// What is typed for queues and jobs, and cannot be done or is not so: it is said.
#include "service/typed_mails.hpp"

#include <fstream>

namespace queues_asked_test {

using namespace eventloom;
using namespace eventloom::testing;

const std::string past    = "1970-01-01T00:00:01Z";
const std::string in_time = "2100-01-01T00:00:00Z";

std::string job_of(const TypedAnswer& enqueued)
{
    REQUIRE(enqueued.exit_code == 0);
    return enqueued.json()["job"].text();
}

TEST_CASE("a queue that nobody has is neither paused nor limited, and none is made", "[service][queues]")
{
    TypedMails mails;
    const auto refused = [&](const std::vector<std::string>& words) {
        const auto said = mails.type(words);
        INFO(said.err);
        CHECK(said.exit_code == 1);
        CHECK(said.code() == "no-such-queue");
        CHECK(said.sentence().find("mial") != std::string::npos);
        CHECK(said.sentence().find("only: mail") != std::string::npos);
    };
    refused({"queues", "pause", "mial"});
    refused({"queues", "limit", "mial", "--per-second", "1"});
    refused({"jobs", "list", "--queue", "mial"});
    CHECK(mails.type({"followers", "pause", "queue/mial"}).code() == "no-such-follower");
    CHECK(mails.type({"jobs", "list", "--type", "send-mial"}).code() == "no-such-job-type");
    CHECK(mails.type({"jobs", "list", "--queue", "mail", "--type", "send-mail"}).exit_code == 0);
    CHECK(mails.type({"queues", "list"}).json().size() == 1);
}

TEST_CASE("a pause until a time that has passed is refused, and what was paused stays so", "[service][queues]")
{
    TypedMails mails;
    mails.while_it_serves([&] {
        REQUIRE(mails.send({"queues", "pause", "mail"}).exit_code == 0);
        CHECK(mails.send({"queues", "pause", "mail", "--until", past}).code() == "time-has-passed");
        CHECK(mails.send({"followers", "pause", "queue/mail", "--until", past}).code() == "time-has-passed");
        CHECK(mails.send({"queues", "show", "mail"}).json()["paused"].text() == "until resumed");
        CHECK(mails.status()["queues"].at(0)["paused_until"].text() == "until resumed");
    });
}

TEST_CASE("one limit of a queue is changed, and the other one stays until both are cleared", "[service][queues]")
{
    TypedMails mails;
    mails.while_it_serves([&] {
        const auto limit = [&](const std::vector<std::string>& words) {
            std::vector<std::string> typed{"queues", "limit", "mail"};
            typed.insert(typed.end(), words.begin(), words.end());
            return mails.send(typed);
        };
        REQUIRE(limit({"--workers", "1"}).exit_code == 0);
        const auto both = limit({"--per-second", "5"}).json();
        CHECK(both["workers limit"].whole() == 1);
        CHECK(both["per second limit"].number() == 5);
        REQUIRE(limit({"--workers", "2"}).exit_code == 0);
        const auto shown = mails.send({"queues", "show", "mail"}).json();
        CHECK(shown["workers limit"].whole() == 2);
        CHECK(shown["per second limit"].number() == 5);
        REQUIRE(limit({"--clear"}).exit_code == 0);
        CHECK(mails.send({"queues", "show", "mail"}).json()["per second limit"].is_null());
    });
}

TEST_CASE("a text where a number belongs, and a member that is given twice, are refused by name", "[service][queues]")
{
    TypedMails mails;
    const auto sentence = [&](const std::string& type, const std::string& json, const std::string& code) {
        const auto said = mails.type({"jobs", "enqueue", type, json});
        CHECK(said.exit_code == 1);
        CHECK(said.code() == code);
        return said.sentence();
    };
    CHECK(sentence("write-statement", R"({"account": "17", "pages": "3"})", "json-does-not-fit").find("\"pages\"") !=
          std::string::npos);
    CHECK(
        sentence("write-statement", R"({"account": "17", "pages": 3, "pages": 4})", "member-twice").find("\"pages\"") !=
        std::string::npos);
    CHECK(sentence("send-mail", R"({"to": "ada", "subject": {"a": 1, "b": {"c": 1, "c": 2}}})", "member-twice")
              .find("\"c\"") != std::string::npos);
    CHECK(mails.type({"jobs", "list"}).json().size() == 0);
}

TEST_CASE("what was done to a job and why it waits are told of one moment", "[service][queues]")
{
    TypedMails mails;
    std::string nobody;
    mails.while_it_serves([&] {
        nobody = job_of(mails.send({"jobs", "enqueue", "send-mail", mail_to(mails.refused)}));
        mails.send({"queues", "pause", "mail"});
        const auto retried = mails.send({"jobs", "retry", nobody}).json();
        CHECK(retried["state"].text() == "waiting");
        CHECK(retried["why"].text() == "the queue is paused until somebody resumes it");
        mails.refused = "";
        mails.send({"queues", "resume", "mail"});
        // It was done at last: what failed before is in its history.
        const auto shown = mails.send({"jobs", "show", nobody}).json();
        CHECK(shown["state"].text() == "completed");
        CHECK(shown["code"].is_null());
        CHECK(shown["error"].is_null());
        CHECK(mails.send({"jobs", "list"}).json().at(0)["code"].is_null());
    });
    const auto later =
        job_of(mails.type({"jobs", "enqueue", "send-mail", mail_to("ada"), "--not-before", "2100-01-01T00:00:00Z"}));
    const auto why = mails.type({"jobs", "why", later}).json()["why"].text();
    CHECK(why.find("no worker") != std::string::npos);
    CHECK(why.find("not before 2100-01-01") != std::string::npos);
    const auto promoted = mails.type({"jobs", "promote", later}).json();
    CHECK(promoted["state"].text() == "waiting");
    CHECK(promoted["why"].text() == "no worker: the service does not run");
}

TEST_CASE("a job that has ended goes with its stream and comes back with it, and that of an open one stays",
          "[service][queues]")
{
    TypedMails mails;
    const auto ends_with_its_stream = [&](const auto& type) {
        const auto open  = job_of(type({"jobs", "enqueue", "send-mail", mail_to("ada"), "--not-before", in_time}));
        const auto ended = job_of(type({"jobs", "enqueue", "send-mail", mail_to("bob"), "--not-before", in_time}));
        const auto dead  = job_of(type({"jobs", "enqueue", "send-mail", mail_to("cy"), "--not-before", in_time}));
        REQUIRE(type({"jobs", "cancel", ended}).exit_code == 0);
        REQUIRE(type({"jobs", "cancel", dead}).exit_code == 0);
        CHECK(type({"streams", "delete", "job-" + open}).code() == "job-not-ended");
        CHECK(type({"jobs", "list"}).json().size() == 3);
        REQUIRE(type({"streams", "delete", "job-" + ended}).exit_code == 0);
        REQUIRE(type({"streams", "delete", "job-" + dead, "--for-good", "--yes"}).exit_code == 0);
        CHECK(type({"jobs", "list"}).json().size() == 1);
        CHECK(type({"queues", "show", "mail"}).json()["cancelled"] == 0);
        for (const std::string act : {"show", "why", "cancel"}) {
            const auto said = type({"jobs", act, ended});
            CHECK(said.code() == "job-deleted");
            CHECK(said.sentence().find(ended) != std::string::npos);
        }
        REQUIRE(type({"streams", "limits", "job-" + ended, "--clear"}).exit_code == 0);
        CHECK(type({"jobs", "list"}).json().size() == 2);
        CHECK(type({"queues", "show", "mail"}).json()["cancelled"] == 1);
        REQUIRE(type({"streams", "delete", "job-" + ended}).exit_code == 0);
        REQUIRE(type({"jobs", "cancel", open}).exit_code == 0);
        REQUIRE(type({"streams", "delete", "job-" + open}).exit_code == 0);
        CHECK(type({"jobs", "list"}).json().size() == 0);
    };
    ends_with_its_stream([&](const std::vector<std::string>& words) { return mails.type(words); });
    mails.while_it_serves(
        [&] { ends_with_its_stream([&](const std::vector<std::string>& words) { return mails.send(words); }); });
}

TEST_CASE("a job for a tenant that is not there is refused, and makes none", "[service][queues][tenants]")
{
    TypedMails mails;
    const std::vector<std::string> enqueue{"jobs", "enqueue", "send-mail", mail_to("ada"), "--tenant", "acme"};
    const auto is_refused = [&](const TypedAnswer& said) {
        INFO(said.err);
        CHECK(said.exit_code == 1);
        CHECK(said.code() == "no-such-tenant");
        CHECK(said.sentence().find("the tenant acme") != std::string::npos);
    };
    is_refused(mails.type(enqueue));
    mails.while_it_serves([&] {
        is_refused(mails.send(enqueue));
        CHECK(mails.send({"tenants", "list"}).json().size() == 0);
    });
    is_refused(mails.type(enqueue));
    CHECK(mails.type({"tenants", "list"}).json().size() == 0);

    REQUIRE(mails.serving.open(mails.serving.runtime, mails.serving.directory.path() + "/tenants/acme"));
    mails.while_it_serves([&] { CHECK(mails.send(enqueue).exit_code == 0); });
    CHECK(mails.type(enqueue).exit_code == 0);
    CHECK(mails.type({"jobs", "list", "--tenant", "acme"}).json().size() == 2);
}

TEST_CASE("a worker process is told of a lease that cannot be before it begins", "[service][queues]")
{
    TypedMails mails;
    for (const std::string span : {"61m", "365000d", "0s"}) {
        INFO(span);
        const auto said = mails.type({"work", "mail", "--lease", span});
        CHECK(said.exit_code == 2);
        CHECK(said.out.empty());
    }
}

TEST_CASE("dead letters that nobody has are said not to be there, and the way to look at many is one that there is",
          "[service][queues]")
{
    TypedMails mails;
    mails.while_it_serves([&] {
        const auto none = [](const TypedAnswer& said) {
            CHECK(said.exit_code == 0);
            CHECK(said.err.find("\"no_dead_letters\"") != std::string::npos);
        };
        none(mails.send({"dead-letters", "retry", "--all"}));
        none(mails.send({"dead-letters", "retry", "mail", "--reason", "other"}));
        none(mails.send({"dead-letters", "discard", "mail", "--yes"}));
        mails.send({"jobs", "enqueue", "send-mail", mail_to(mails.refused)});
        const auto wary = mails.send({"dead-letters", "discard", "mail"});
        CHECK(wary.code() == "needs-yes");
        CHECK(wary.sentence().find("--dry-run") == std::string::npos);
        CHECK(wary.sentence().find("`dead-letters list`") != std::string::npos);
    });
}

TEST_CASE("data that are no directory, or are not there, are said to be so, and what makes them", "[service][commands]")
{
    Serving serving;
    const auto typed = [&](std::vector<std::string> words) {
        serving.console.said_err.clear();
        CommandLine line{serving.program, {serving.console, serving.runtime, serving.directory.path(), {}}};
        if (const auto ended = line.read(std::move(words))) return *ended;
        return line.carry_out();
    };
    const auto file = serving.directory.path() + "-file";
    std::ofstream{file} << "x";
    for (const std::string command : {"queues", "tenants", "followers"}) {
        INFO(command);
        CHECK(typed({command, "list", "--data", file}) == 1);
        CHECK_THAT(serving.console.said_err,
                   Catch::Contains("wanted the data in " + file + " and found that it is not a directory"));
    }
    const auto nowhere     = serving.directory.path() + "-nowhere";
    serving.program.set_up = [](CommandLine& line) {
        line.opens([](const Runtime&, const std::string&, bool) -> result<std::unique_ptr<OpenService>> {
            return fail(Failure::invalid, "no-such-database", "There is none.");
        });
    };
    CHECK(typed({"queues", "list", "--data", nowhere}) == 1);
    CHECK_THAT(serving.console.said_err, Catch::Contains("`tally serve`"));
}

} // namespace queues_asked_test
