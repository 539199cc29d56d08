// The chapter on changing events, docs/changing-events.md.
#include "changing/bookings.hpp"

#include <eventloom/framework/stored_forms.hpp>
#include <eventloom/framework/testing.hpp>

#include <catch2/catch.hpp>

template const eventloom::EventTypes& eventloom::event_types<bookings::Room>();

namespace bookings {

TEST_CASE("stored events are as they were released", "[framework][stored-forms][docs]")
{
    CHECK(el::testing::stored_forms<Room>().changes_since(TESTS "/stored-forms.txt") == "");
}

template <class Form>
el::RecordedEvent stored(std::uint32_t schema_version, const Form& form)
{
    el::RecordedEvent event;
    event.type           = "room-booked";
    event.schema_version = schema_version;
    el::codec<Form>::encode(form, event.data);
    return event;
}

TEST_CASE("bookings of every form give the same room", "[framework][upcast][docs]")
{
    CHECK(el::evolved(Room{}, stored(1, BookedV1{"ada", 500, 100})).value().due == 400);
    CHECK(el::evolved(Room{}, stored(2, BookedV2{"ada", 500, 0, "GBP"})).value().due == 500);
    CHECK(el::evolved(Room{}, stored(3, Booked{"ada", 500, "GBP"})).value().due == 500);
}

} // namespace bookings
