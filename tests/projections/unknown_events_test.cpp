// What a projection says of events that no list names.
#include "projections/people.hpp"

#include <eventloom/framework/command_bus.hpp>
#include <eventloom/framework/event_codec.hpp>

namespace unknown_events_test {

using namespace people;

struct Sent {
    std::int64_t grams = 0;
};
// As it is now: "parcel-sent" was called "parcel-posted" once.
struct Parcel {
    static constexpr auto category = "parcel";
    using Events                   = el::events<el::event<"parcel-sent", Sent>>;
    std::int64_t sent              = 0;
};
Parcel evolve(Parcel parcel, const Sent&)
{
    ++parcel.sent;
    return parcel;
}
// The same, whose older events are of no use to it.
struct Forgetful {
    static constexpr auto category = "parcel";
    using Events                   = el::events<el::event<"parcel-sent", Sent>>;
    using Ignored                  = el::ignored<"parcel-posted", "parcel-lost">;
    std::int64_t sent              = 0;
};
Forgetful evolve(Forgetful parcel, const Sent&)
{
    ++parcel.sent;
    return parcel;
}

struct Weight {
    std::int64_t grams = 0;
};
template <class Of>
el::Projected<el::id<Of>, Weight> weights()
{
    return el::projection<el::id<Of>, Weight>("weights", 1,
                                              [](Weight& row, const Sent& event) { row.grams += event.grams; });
}

void record(Machine& machine, const std::string& stream, const std::string& type)
{
    el::NewEvent event{.id = machine.simulated.next(), .type = type, .data = {}, .metadata = {}};
    el::codec<Sent>::encode(Sent{100}, event.data);
    REQUIRE(machine.store->append({.streams = {{stream, el::ExpectedVersion::any(), {event}}}}));
}

void record_parcels(Machine& machine)
{
    record(machine, "letter-1", "letter-read");
    record(machine, "parcel-1", "parcel-posted");
    record(machine, "parcel-1", "parcel-sent");
    record(machine, "parcel-2", "parcel-posted");
    record(machine, "parcel-2", "parcel-lost");
}

} // namespace unknown_events_test

template const eventloom::EventTypes& eventloom::event_types<unknown_events_test::Parcel>();
template const eventloom::EventTypes& eventloom::event_types<unknown_events_test::Forgetful>();

namespace unknown_events_test {

TEST_CASE("a projection names the stored types of its aggregates that no list has, and no others, in every row place",
          "[projections][unknown]")
{
    Machine machine{GENERATE(from_range(every_way))};
    record_parcels(machine);
    REQUIRE(machine.add(weights<Parcel>()));
    REQUIRE(machine.catch_up());
    const auto found = [&] {
        std::vector<std::string> all;
        const auto unknown = machine.projections->unknown_events("weights");
        REQUIRE(unknown);
        for (const auto& [type, category, first] : unknown.value()) {
            all.push_back(type + " of " + category + " at " + std::to_string(first));
        }
        return all;
    };
    const std::vector<std::string> posted_and_lost{"parcel-lost of parcel at 5", "parcel-posted of parcel at 2"};
    CHECK(found() == posted_and_lost);
    REQUIRE(machine.projections->rebuild("weights"));
    CHECK(found() == posted_and_lost);
    const auto sentence = el::to_sentence(machine.projections->unknown_events("weights").value());
    CHECK(sentence.find("\"parcel-posted\" (parcel, first seen at position 2)") != std::string::npos);
    CHECK(machine.projections->unknown_events("heights").error().code == "no-such-projection");
}

TEST_CASE("what an aggregate ignores is named nowhere, and is no error", "[projections][unknown]")
{
    Machine machine;
    record_parcels(machine);
    const auto rows = machine.add(weights<Forgetful>());
    REQUIRE(rows);
    REQUIRE(machine.catch_up());
    CHECK(machine.projections->unknown_events("weights").value().empty());
    CHECK(rows.value().get({"1"}).value()->grams == 100);

    el::CommandBus commands{machine.runtime, *machine.store};
    const auto parcel = commands.load(el::id<Forgetful>{"1"});
    REQUIRE(parcel);
    CHECK(parcel.value().sent == 1);
    el::CommandBus of_others{machine.runtime, *machine.store};
    CHECK(of_others.load(el::id<Parcel>{"1"}).error().code == "unknown-event-type");
}

} // namespace unknown_events_test
