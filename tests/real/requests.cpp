#include "real/requests.hpp"

namespace eventloom::testing {

namespace {

std::uint64_t own_events(std::uint64_t number)
{
    return 1 + number % 3;
}

std::uint64_t own_events_before(std::uint64_t number)
{
    const std::uint64_t of_whole_rounds = number / 3 * 6;
    return of_whole_rounds + (number % 3 == 0 ? 0 : number % 3 == 1 ? 1 : 3);
}

} // namespace

AppendRequest request_of(std::uint64_t writer, std::uint64_t number)
{
    const auto name = [&](std::uint64_t event) {
        return std::to_string(writer) + "/" + std::to_string(number) + "/" + std::to_string(event);
    };
    const auto event = [&](std::uint64_t ordinal) {
        NewEvent made;
        made.id   = derived_uuid({"event", name(ordinal)});
        made.type = "written";
        made.data = name(ordinal) + std::string(number * 37 % 900, '.');
        return made;
    };
    AppendRequest request;
    StreamAppend own{"own-" + std::to_string(writer), ExpectedVersion::after(own_events_before(number)), {}};
    for (std::uint64_t i = 0; i < own_events(number); ++i) own.events.push_back(event(i));
    request.streams.push_back(std::move(own));
    if (number % 4 == 3) {
        request.streams.push_back({"shared-" + std::to_string(number % 5), ExpectedVersion::any(), {event(9)}});
    }
    if (number % 7 == 5) {
        request.command         = CommandRecord{};
        request.command->id     = derived_uuid({"command", name(0)});
        request.command->stream = request.streams.front().stream;
    }
    return request;
}

} // namespace eventloom::testing
