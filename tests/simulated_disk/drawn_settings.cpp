#include "simulated_disk/drawn_settings.hpp"

#include <eventloom/framework/event_codec.hpp>

namespace eventloom::testing {

namespace {

template <class Fact>
NewEvent event_of(IdSource& ids, const Fact& fact)
{
    const auto& type = event_type<StreamSettings, Fact>();
    NewEvent event{.id = ids.next(), .type = std::string{type.name}, .data = "", .metadata = {}};
    event.schema_version = type.schema_version;
    type.encode(&fact, event.data);
    return event;
}

} // namespace

NewEvent drawn_settings(Drawn& drawn, IdSource& ids, std::uint64_t length)
{
    if (drawn.one_in(20)) return event_of(ids, StreamTombstoned{});
    if (drawn.one_in(4)) return event_of(ids, StreamDeleted{.events = length, .max_age = {}, .max_count = {}});
    StreamLimitsSet limits; // none of them, too
    if (drawn.one_in(3)) limits.max_age = Duration{1 + drawn.below(8'000'000)};
    if (drawn.one_in(2)) limits.max_count = 1 + drawn.below(10);
    if (drawn.one_in(3)) limits.truncate_before = drawn.below(length + 3);
    return event_of(ids, limits);
}

} // namespace eventloom::testing
