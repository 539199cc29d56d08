// What the person on call does to sagas, at a service that runs and where none does.
#include "service/typed_commands.hpp"
#include "support/stay.hpp"

#include <algorithm>

namespace sagas_intervened_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace stay_test;

using Words = std::vector<std::string>;

// Holds a room, charges a card, and waits for a day that is far away. The card company may be down, or silent.
struct Guests : TypedCommands {
    Guests()
    {
        serving.more = [this](Service& service) {
            service.sagas().add(saga<Booking>(
                "booking", 1, begins_with_request(), hold_the_room(), charge_the_card(),
                step("the stay", until{[](const Booking&) { return Time{std::chrono::days{100'000}}; }})));
            const ActivityOptions stops{.stops_after_faults = 1, .tries_again_every = std::chrono::hours{1}};
            service.sagas().perform_async<Charge>(
                [this](const Charge&, const CallKey&, const auto& answer) { ask(answer); }, stops);
            service.sagas().perform_async<Refund>(
                [this](const Refund&, const CallKey&, const auto& answer) { ask(answer); }, stops);
        };
    }

    // Of a service that runs: booked, and charged if the card company answers.
    void book(const std::string& stay)
    {
        REQUIRE(serving.running->commands().send(StayId{stay}, Request{100}));
        serving.simulated.run_until_idle();
    }
    Json shown(const std::string& stay) { return send({"sagas", "show", "booking", stay}).json(); }
    Time now() const { return serving.simulated.now(); }

    bool is_down   = false;
    bool is_silent = false;

private:
    void ask(const std::function<void(result<Slip>)>& answer)
    {
        if (is_silent) return;
        if (is_down) return answer(fail(Failure::unavailable, "line-dead", "Nobody picked up."));
        answer(Slip{"1"});
    }
};

TEST_CASE("what a person does to an instance is answered as soon as that can do nothing now, whatever it waits for",
          "[service][sagas]")
{
    Guests guests;
    guests.is_down = true;
    guests.while_it_serves([&] {
        for (const auto* stay : {"1", "2", "3"}) guests.book(stay);
        const Time before = guests.now();
        // It waits for a day that is far away, then.
        const auto skipped = guests.send({"sagas", "skip", "booking", "2", "charge", "--yes"});
        CHECK(skipped.exit_code == 0);
        CHECK(skipped.json()["waits for"].text() == "a time");
        // The card may have been charged: it is given back, by the company that is down.
        const auto cancelled = guests.send({"sagas", "cancel", "booking", "1", "--because", "x", "--yes"});
        CHECK(cancelled.exit_code == 0);
        CHECK(cancelled.json()["status"].text() == "compensating");
        CHECK(guests.now() - before < std::chrono::seconds{2});
    });
    const Time before  = guests.now();
    const auto skipped = guests.type({"sagas", "skip", "booking", "3", "charge", "--yes"});
    CHECK(skipped.exit_code == 0);
    CHECK(skipped.json()["waits for"].text() == "a time");
    CHECK(guests.now() - before < std::chrono::seconds{2});
}

TEST_CASE("a command that waits for an instance says after a moment what for, and ends within a minute or so",
          "[service][sagas]")
{
    Guests guests;
    guests.is_silent = true;
    guests.while_it_serves([&] {
        guests.book("1");
        CHECK(guests.send({"sagas", "pause", "booking", "1"}).exit_code == 0);
        const Time before  = guests.now();
        const auto resumed = guests.send({"sagas", "resume", "booking", "1"});
        CHECK(resumed.exit_code == 0);
        CHECK(resumed.json()["status"].text() == "running");
        CHECK(guests.now() - before < std::chrono::minutes{2});
        for (const auto* member : {"waiting_for", "not_waited_for"}) {
            INFO(member << "\n" << resumed.err);
            CHECK(resumed.json()[member]["key"].text() == "1");
            CHECK(resumed.json()[member]["step"].text() == "charge");
        }
    });
}

TEST_CASE("an instance that is being undone says which provider that waits for", "[service][sagas]")
{
    Guests guests;
    guests.while_it_serves([&] {
        guests.book("1");
        guests.is_down = true;
        CHECK(guests.send({"sagas", "cancel", "booking", "1", "--because", "x", "--yes"}).exit_code == 0);
        CHECK(guests.shown("1")["waits for"].text() == "the next attempt");
        guests.serving.simulated.advance(std::chrono::seconds{2});
        const auto row = guests.send({"sagas", "list"}).json().at(0);
        CHECK(row["status"].text() == "compensating");
        INFO(row.dump());
        CHECK(row["waits for"].text().find("the provider has failed 1 times") == 0);
    });
}

TEST_CASE("an instance that is resumed is shown as its history ends", "[service][sagas]")
{
    Guests guests;
    guests.while_it_serves([&] {
        guests.book("1");
        CHECK(guests.send({"sagas", "pause", "booking", "1"}).exit_code == 0);
        CHECK(guests.send({"sagas", "cancel", "booking", "1", "--because", "x", "--yes"}).exit_code == 0);
        const auto resumed = guests.send({"sagas", "resume", "booking", "1"}).json();
        CHECK(resumed["status"].text() == "compensated");
        const auto& history = resumed["history"];
        CHECK(history.at(history.size() - 1)["what"].text() == "compensated");
    });
}

TEST_CASE("a look with --dry-run refuses what the action would, with the same words, and changes nothing",
          "[service][sagas]")
{
    const Words actions[] = {
        {"retry", "booking", "1"},
        {"retry", "booking", "9"},
        {"retry", "booking"},
        {"retry", "nosuch"},
        {"retry", "nosuch", "1"},
        {"cancel", "booking", "9"},
        {"cancel", "booking", "none"},
        {"skip", "booking", "1", "nosuch"},
        {"skip", "booking", "1"},
        {"skip", "booking"},
        {"skip", "booking", "--the-step", "nosuch"},
        {"pause", "booking", "9"},
        {"pause", "booking", "1", "--until", "2000-01-01T00:00:00Z"},
        {"pause", "--saga", "booking", "--until", "2000-01-01T00:00:00Z"},
        {"pause", "--saga", "nosuch"},
        {"resume", "booking", "1"},
        {"resume", "--saga", "booking"},
        {"migrate", "booking", "1"},
    };
    Guests guests;
    const auto check_all = [&](const auto& type) {
        const auto before = type({"sagas", "show", "booking", "1"}).json();
        REQUIRE(before["status"].text() == "running");
        for (const auto& action : actions) {
            Words words{"sagas"};
            words.insert(words.end(), action.begin(), action.end());
            std::string typed;
            for (const auto& word : words) typed += word + " ";
            INFO(typed);
            Words looked = words;
            looked.emplace_back("--dry-run");
            words.emplace_back("--yes");
            const auto look = type(looked);
            const auto real = type(words);
            CHECK(look.exit_code == 1);
            CHECK(real.exit_code == 1);
            CHECK_FALSE(look.code().empty());
            CHECK(look.code() == real.code());
            CHECK(look.sentence() == real.sentence());
            CHECK(look.out == real.out);
        }
        for (const Words& action : {Words{"cancel", "booking", "1"}, Words{"skip", "booking", "1", "the stay"},
                                    Words{"pause", "booking", "1"}, Words{"pause", "--saga", "booking"}}) {
            Words words{"sagas"};
            words.insert(words.end(), action.begin(), action.end());
            words.emplace_back("--dry-run");
            CHECK(type(words).exit_code == 0);
        }
        CHECK(type({"sagas", "show", "booking", "1"}).json() == before);
    };
    guests.while_it_serves([&] {
        guests.book("1");
        guests.book("9");
        CHECK(guests.send({"sagas", "skip", "booking", "9", "the stay", "--yes"}).json()["status"].text() ==
              "completed");
        check_all([&](const Words& words) { return guests.send(words); });
    });
    check_all([&](const Words& words) { return guests.type(words); });
}

TEST_CASE("a pause that has ended already is refused, and what was paused stays so", "[service][sagas]")
{
    Guests guests;
    guests.while_it_serves([&] {
        guests.book("1");
        CHECK(guests.send({"sagas", "pause", "booking", "1"}).exit_code == 0);
        const auto paused = guests.send({"sagas", "pause", "booking", "1", "--until", "2000-01-01T00:00:00Z"});
        CHECK(paused.code() == "time-has-passed");
        CHECK(guests.shown("1")["waits for"].text() == "somebody who resumes it");
    });
}

TEST_CASE("a saga that nobody knows is said to be so, and so is a choice that has chosen nothing", "[service][sagas]")
{
    Guests guests;
    guests.while_it_serves([&] {
        for (const Words& words :
             {Words{"list", "--saga", "nosuch"}, Words{"count", "--saga", "nosuch"}, Words{"retry", "nosuch", "--yes"},
              Words{"migrate", "nosuch", "--yes"}, Words{"show", "nosuch", "1"}}) {
            Words typed{"sagas"};
            typed.insert(typed.end(), words.begin(), words.end());
            INFO(words.front());
            const auto said = guests.send(typed);
            CHECK(said.exit_code == 1);
            CHECK(said.code() == "no-such-saga");
            CHECK(said.sentence().find("booking") != std::string::npos);
        }
        CHECK(guests.send({"sagas", "list", "--saga", "booking"}).exit_code == 0);
        const auto none = guests.send({"sagas", "retry", "booking", "--status", "stuck", "--yes"});
        CHECK(none.exit_code == 0);
        CHECK(Json::parse(none.err).value_or(Json{})["nothing_chosen"]["saga"].text() == "booking");
    });
}

TEST_CASE("options that would choose nothing are refused where a whole saga, or one instance, is named",
          "[service][sagas]")
{
    Guests guests;
    guests.while_it_serves([&] {
        guests.book("1");
        CHECK(guests.send({"sagas", "pause", "--saga", "booking", "--status", "stuck", "--because", "q"}).exit_code ==
              2);
        CHECK(guests.send({"sagas", "pause", "booking", "1", "--status", "stuck"}).exit_code == 2);
        CHECK(guests.send({"sagas", "count", "--limit", "1"}).exit_code == 2);
        CHECK(guests.shown("1")["waits for"].text() == "a time");
        const auto look = guests.send({"sagas", "pause", "--saga", "booking", "--dry-run"}).json();
        CHECK(look["paused"].is_null());
        CHECK(look["would_be"].text() == "paused");
    });
}

TEST_CASE("the history of an instance has no bytes in its JSON, and no number that a reader of JSON cannot hold",
          "[service][sagas]")
{
    Guests guests;
    guests.while_it_serves([&] {
        guests.book("1");
        const auto shown = guests.shown("1");
        REQUIRE(shown["history"].size() > 2);
        for (const Json& entry : shown["history"].elements()) {
            INFO(entry.dump());
            CHECK_FALSE(entry["data"]["state"].is_text());
            if (entry["data"].contains("shape")) CHECK(entry["data"]["shape"].is_text());
        }
        CHECK(shown["state"]["slip"].text() == "1");
    });
}

} // namespace sagas_intervened_test
