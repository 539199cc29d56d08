// Sagas as they are typed and asked for, at a service that runs and where none does.
#include "service/typed_commands.hpp"
#include "support/stay.hpp"

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/sagas/handlers.hpp>

namespace sagas_served_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace stay_test;

struct Guest {
    int notes = 0;
};

// A saga that hears the notes of a stay until one says that it is over, and charges when the stay is approved.
struct Stays : TypedCommands {
    Stays()
    {
        serving.more = [this](Service& service) {
            service.sagas().add(saga<StayId, Guest>(
                "guest", 1, begins_with<Requested>{}, parks_unheard, [](Guest&, const StayId&, const Requested&) {},
                [](Guest& guest, const StayId&, const Noted& note) -> actions {
                    ++guest.notes;
                    if (note.what == "over") return {end_saga()};
                    return {};
                },
                [](Guest&, const StayId& stay, const Approved&) -> actions {
                    return {call(stay_test::Charge{stay.value, 100})};
                }));
            service.sagas().perform<stay_test::Charge>(
                [](const stay_test::Charge&, const CallKey&) -> result<Slip> {
                    return fail(Failure::unavailable, "line-dead", "Nobody picked up.");
                },
                {.stops_after_faults = 1, .tries_again_every = std::chrono::hours{1}});
        };
    }
    template <class Command>
    void tell(const std::string& stay, const Command& command)
    {
        REQUIRE(serving.running->commands().send(StayId{stay}, command));
        serving.simulated.run_until_idle();
    }
};

TEST_CASE("/status says which sagas are paused and which events none has heard, and sagas parked lists those kept",
          "[service][sagas]")
{
    Stays stays;
    stays.while_it_serves([&] {
        CHECK(stays.status()["sagas_unheard"].empty());
        stays.tell("1", Note{"early"});
        stays.tell("2", Request{});
        stays.tell("2", Note{"over"});
        for (int i = 0; i < 2; ++i) stays.tell("2", Note{"late"});
        const auto unheard = stays.status()["sagas_unheard"];
        REQUIRE(unheard.size() == 2);
        CHECK(unheard.at(0) ==
              Json{{"saga", "guest"}, {"event", "stay-noted"}, {"why", "it has ended"}, {"number", 2}});
        CHECK(unheard.at(1) ==
              Json{{"saga", "guest"}, {"event", "stay-noted"}, {"why", "there is none"}, {"number", 1}});
        const auto parked = stays.send({"sagas", "parked", "guest"}).json();
        REQUIRE(parked.size() == 3);
        CHECK(parked.at(0)["key"].text() == "1");
        CHECK(parked.at(0)["event"].text() == "stay-noted");
        CHECK(parked.at(0)["position"].whole() == 1);
        CHECK(parked.at(0)["why"].text() == "there is none");
        CHECK(parked.at(0)["parked at"].is_text());
        CHECK(parked.at(2)["why"].text() == "it has ended");

        CHECK(stays.status()["sagas_paused"].empty());
        CHECK(stays.send({"sagas", "pause", "--saga", "guest", "--because", "an audit"}).exit_code == 0);
        const auto paused = stays.status()["sagas_paused"];
        REQUIRE(paused.size() == 1);
        CHECK(paused.at(0)["saga"].text() == "guest");
        CHECK(paused.at(0)["because"].text() == "an audit");
        CHECK(paused.at(0).contains("until"));
        CHECK(paused.at(0)["until"].is_null());
        CHECK(stays.send({"sagas", "resume", "--saga", "guest", "--because", "it is over"}).exit_code == 0);
        CHECK(stays.status()["sagas_paused"].empty());
    });
    CHECK(stays.type({"sagas", "parked", "guest"}).json().size() == 3);
    CHECK(stays.type({"sagas", "parked", "guests"}).code() == "no-such-saga");
}

TEST_CASE("sagas show of a key with a blank has the last entries of its history, and each call with its members",
          "[service][sagas]")
{
    Stays stays;
    const std::string key = "Ada's room 2";
    stays.while_it_serves([&] {
        stays.tell(key, Request{});
        for (int i = 0; i < 5; ++i) stays.tell(key, Note{"slept"});
        stays.tell(key, Approve{"Bob"});
        const auto whole = stays.send({"sagas", "show", "guest", key}).json();
        CHECK(whole["key"].text() == key);
        CHECK(whole["state"]["notes"].whole() == 5);
        CHECK(whole["earlier_entries"].whole() == 0);
        CHECK(whole["history"].size() == 9); // started, seven events were heard, and a call has failed
        CHECK(whole["waits for"].text() == "the next attempt");
        REQUIRE(whole["calls"].size() == 1);
        const auto& call = whole["calls"].at(0);
        CHECK(call["step"].text() == "Charge");
        CHECK(call["attempt"].whole() == 2);
        CHECK(call["next attempt"].is_text());
        CHECK(whole["until"] == call["next attempt"]);
        REQUIRE(whole["times"].size() == 1);
        CHECK(whole["times"].at(0) == Json{{"at", whole["until"]}, {"what", "next attempt"}, {"step", "Charge"}});
        CHECK(stays.send({"sagas", "list"}).json().at(0)["until"] == whole["until"]);
        for (const auto* member : {"runs since", "progress", "progress at", "waits for"}) {
            INFO(member);
            CHECK(call.contains(member));
            CHECK(call[member].is_null());
        }

        const auto last = stays.send({"sagas", "show", "guest", key, "--limit", "2"}).json();
        CHECK(last["earlier_entries"].whole() == 7);
        REQUIRE(last["history"].size() == 2);
        CHECK(last["history"].at(0)["what"].text() == "handled");
        CHECK(last["history"].at(1)["what"].text() == "attempt-failed");
        CHECK(last["state"] == whole["state"]);

        stays.serving.simulated.advance(std::chrono::seconds{1});
        const auto waiting = stays.send({"sagas", "show", "guest", key}).json();
        CHECK(waiting["waits for"].text().find("the provider has failed 1 times") == 0);
        CHECK(waiting["calls"].at(0)["call"].text() == "Charge");
        CHECK(waiting["calls"].at(0)["waits for"] == waiting["waits for"]);
    });
    CHECK(stays.serving.type({"sagas", "show", "guest", key, "--limit", "2"}) == 0);
    CHECK(stays.serving.console.said_out.find("\n7 earlier entries are not shown; --limit shows more\n") !=
          std::string::npos);
    CHECK(stays.serving.console.said_out.find("\nuntil ") != std::string::npos);
    CHECK(stays.type({"sagas", "show", "guest", key, "--limit", "0"}).exit_code == 2);
}

} // namespace sagas_served_test
