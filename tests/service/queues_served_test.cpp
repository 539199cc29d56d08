// Work queues as they are typed, at a service that runs and where none does.
#include "service/typed_mails.hpp"

#include <eventloom/framework/event_codec.hpp>

namespace queues_served_test {

using namespace eventloom;
using namespace eventloom::testing;

TEST_CASE("jobs are enqueued, listed, shown, retried and discarded at a service that runs", "[service][queues]")
{
    TypedMails mails;
    mails.while_it_serves([&] {
        const auto ada = mails.send({"jobs", "enqueue", "send-mail", mail_to("ada@example.org"), "--label", "welcome"});
        CHECK(ada.exit_code == 0);
        const auto nobody = mails.send({"jobs", "enqueue", "send-mail", mail_to(mails.refused), "--priority", "9"});
        CHECK(mails.sent == std::vector<std::string>{"ada@example.org"});

        const auto shown = mails.send({"jobs", "show", ada.json()["job"].text()}).json();
        CHECK(shown["state"].text() == "completed");
        CHECK(shown["data"]["to"].text() == "ada@example.org");
        CHECK(shown["labels"].at(0).text() == "welcome");
        CHECK(shown["history"].size() == 2 + 1); // it may have one attempt, which was recorded before

        const auto dead = mails.send({"jobs", "list", "--state", "dead"}).json();
        REQUIRE(dead.size() == 1);
        CHECK(dead.at(0)["job"].text() == nobody.json()["job"].text());
        CHECK(dead.at(0)["code"].text() == "no-such-person");
        const auto queue = mails.send({"queues", "list"}).json().at(0);
        CHECK(queue["queue"].text() == "mail");
        CHECK(queue["workers"].whole() == 2);
        CHECK(queue["completed"].whole() == 1);
        CHECK(queue["dead"].whole() == 1);

        mails.refused = "";
        CHECK(mails.send({"jobs", "retry", nobody.json()["job"].text(), "--because", "he has moved in"}).exit_code ==
              0);
        CHECK(mails.sent.size() == 2);
        CHECK(mails.send({"jobs", "discard", nobody.json()["job"].text()}).code() == "job-not-dead");
    });
}

TEST_CASE("a queue is paused and resumed from the command line, and jobs why says so", "[service][queues]")
{
    TypedMails mails;
    mails.while_it_serves([&] {
        CHECK(mails.send({"queues", "pause", "mail", "--because", "the provider moves"}).exit_code == 0);
        const auto ada = mails.send({"jobs", "enqueue", "send-mail", mail_to("ada@example.org")}).json()["job"].text();
        CHECK(mails.sent.empty());
        CHECK(mails.send({"jobs", "why", ada}).json()["why"].text() == "the queue is paused until somebody resumes it");
        CHECK(mails.send({"queues", "show", "mail"}).json()["paused"].text() == "until resumed");
        CHECK(mails.send({"jobs", "cancel", ada}).json()["state"].text() == "cancelled");
        CHECK(mails.send({"queues", "resume", "mail"}).exit_code == 0);
        CHECK(mails.send({"queues", "resume", "mail"}).code() == "queue-not-paused");
        CHECK(mails.sent.empty());
    });
}

TEST_CASE("what is typed for a job and does not fit is refused by name, and nothing is written", "[service][queues]")
{
    TypedMails mails;
    const auto refused = [&](const std::string& type, const std::string& json, const std::string& code) {
        const auto said = mails.type({"jobs", "enqueue", type, json});
        CHECK(said.exit_code == 1);
        CHECK(said.code() == code);
        return said.sentence();
    };
    REQUIRE(mails.type({"jobs", "enqueue", "send-mail", mail_to("ada@example.org")}).exit_code == 0);
    CHECK(refused("send-letter", mail_to("ada"), "no-such-job-type").find("send-mail, write-statement") !=
          std::string::npos);
    CHECK(refused("send-mail", R"({"to": "ada"})", "json-does-not-fit").find("\"subject\" is missing") !=
          std::string::npos);
    CHECK(refused("send-mail", R"({"to": 7, "subject": "x"})", "json-does-not-fit").find("\"to\" is no text") !=
          std::string::npos);
    CHECK(refused("send-mail", R"({"to": "a", "subject": "x", "bcc": "b"})", "json-does-not-fit").find("\"bcc\"") !=
          std::string::npos);
    CHECK(refused("write-statement", R"({"account": "17", "pages": 3000000000})", "json-does-not-fit")
              .find("\"pages\"") != std::string::npos);
    refused("send-mail", "[1, 2", "not-json");
    refused("send-mail", std::string(1'000, '['), "json-too-deep");
    CHECK(mails.type({"jobs", "list"}).json().size() == 1);
    CHECK(mails.type({"jobs", "show", "17"}).code() == "not-a-job-id");
    CHECK(mails.type({"jobs", "show", to_string(Uuid{})}).code() == "no-such-job");
    CHECK(mails.type({"jobs", "list", "--state", "open"}).exit_code == 2);
    CHECK(mails.type({"queues", "show", "letters"}).code() == "no-such-queue");
    CHECK(mails.type({"jobs", "enqueue", "send-mail", mail_to("ada"), "--queue", "letters"}).code() == "no-such-queue");
    CHECK(mails.type({"jobs", "enqueue", "send-mail", mail_to("ada"), "--priority", "10"}).exit_code == 2);
}

TEST_CASE("a queue is limited, and a job promoted, from the command line", "[service][queues]")
{
    TypedMails mails;
    mails.while_it_serves([&] {
        CHECK(mails.send({"queues", "limit", "mail", "--workers", "1", "--per-second", "0.5"}).exit_code == 0);
        const auto shown = mails.send({"queues", "show", "mail"}).json();
        CHECK(shown["workers limit"].whole() == 1);
        CHECK(shown["recurring"].size() == 0);
        CHECK(mails.send({"queues", "limit", "mail", "--workers", "3"}).code() == "limit-above-workers");
        CHECK(mails.send({"queues", "limit", "mail"}).exit_code == 2);
        CHECK(mails.send({"queues", "limit", "mail", "--per-second", "-1"}).err.find("from 0 to 1000000") !=
              std::string::npos);
        CHECK(mails.send({"queues", "limit", "mail", "--clear"}).exit_code == 0);
        CHECK(mails.send({"queues", "show", "mail"}).json()["workers limit"].is_null());

        const auto later = mails
                               .send({"jobs", "enqueue", "send-mail", mail_to("ada@example.org"), "--not-before",
                                      "2100-01-01T00:00:00Z"})
                               .json()["job"]
                               .text();
        CHECK(mails.sent.empty());
        CHECK(mails.send({"jobs", "promote", later, "--because", "she waits"}).exit_code == 0);
        CHECK(mails.sent == std::vector<std::string>{"ada@example.org"});
        CHECK(mails.send({"jobs", "promote", later}).code() == "job-not-scheduled");
    });
}

TEST_CASE("what is no message of a worker is refused at the door, and changes nothing", "[service][queues]")
{
    TypedMails mails;
    mails.while_it_serves([&] {
        const auto code = [&](const std::string& page, const std::string& type, const std::string& body) {
            const auto request = "POST " + page + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type +
                                 "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
            const auto answer = body_of(DoorClient{mails.serving.directory.path()}.send(request).read());
            return Json::parse(answer).value_or(Json{})["error"]["code"].text();
        };
        const std::string bytes = "application/octet-stream";
        for (const std::string page : {"/jobs/pull", "/jobs/extend", "/jobs/finish"}) {
            INFO(page);
            CHECK(code(page, bytes, std::string(300, '\xff')) == "wrong-worker-request");
            CHECK(code(page, "application/json", "{}") == "not-bytes");
        }
        CHECK(code("/jobs/finish", bytes, "") == "wrong-worker-request");
        CHECK(code("/jobs/steal", bytes, "") == "no-such-page");
        CHECK(code("/command", "application/json", std::string(300u << 10, ' ')) == "request-too-large");
        CHECK(mails.send({"jobs", "list"}).json().size() == 0);
    });
    CHECK(mails.type({"work", "mail", "--tenant", "acme"}).code() == "work-with-a-tenant");
    CHECK(mails.type({"work", "letters"}).code() == "no-such-queue");
}

TEST_CASE("the stream of a job that is open, and that of a queue, keep their history", "[service][queues]")
{
    TypedMails mails;
    const auto open  = mails.type({"jobs", "enqueue", "send-mail", mail_to("ada@example.org")}).json()["job"].text();
    const auto ended = mails.type({"jobs", "enqueue", "send-mail", mail_to("bob@example.org")}).json()["job"].text();
    REQUIRE(mails.type({"queues", "pause", "mail"}).exit_code == 0);
    REQUIRE(mails.type({"jobs", "cancel", ended}).exit_code == 0);
    CHECK(mails.type({"streams", "delete", "job-" + open}).code() == "job-not-ended");
    CHECK(mails.type({"streams", "limits", "job-" + open, "--max-count", "1"}).code() == "job-not-ended");
    CHECK(mails.type({"streams", "limits", "job-" + open, "--max-count", "1", "--dry-run"}).code() == "job-not-ended");
    CHECK(mails.type({"streams", "delete", "job-queue-mail"}).code() == "stream-of-a-queue");
    CHECK(mails.type({"streams", "delete", "job-" + ended}).exit_code == 0);
    CHECK(mails.type({"jobs", "show", open}).json()["state"].text() == "waiting");
}

} // namespace queues_served_test
