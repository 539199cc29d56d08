// A guest's stay: what may happen to it, and what may be asked of it.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/framework/time.hpp>

#include <optional>
#include <string>

namespace grand_hotel {

namespace el = eventloom;

struct Stay;
struct Room;
using StayId = el::id<Stay>;
using RoomId = el::id<Room>;

// clang-format off
// Events: what has happened.
struct Requested   { std::string guest; RoomId room; el::Time arrival{}; std::int32_t nights = 0; std::int64_t cents = 0; };
struct Confirmed   { std::string receipt; el::Time arrival{}; }; // it is paid
struct Withdrawn   {};                                           // by the guest
struct Cancelled   { std::string reason; };                      // its nights are free, and nothing of it is paid
struct ReminderDue {};

// Commands: what somebody asks for.
struct Request     { std::string guest; RoomId room; el::Time arrival{}; std::int32_t nights = 0; std::int64_t cents = 0; el::Time now{}; };
struct Withdraw    { el::Time now{}; };

// Those of the sagas.
struct Confirm     { std::string receipt; };
struct Cancel      { std::string reason; };
struct Remind      {};
// clang-format on

// State: what the next decision needs to know. The quoted names are on the disk, so they never change.
struct Stay {
    static constexpr auto category = "stay";
    using Events = el::events<el::event<"stay-requested", Requested>, el::event<"stay-confirmed", Confirmed>,
                              el::event<"stay-withdrawn", Withdrawn>, el::event<"stay-cancelled", Cancelled>,
                              el::event<"stay-reminder-due", ReminderDue>>;
    enum class Stage : std::uint8_t { none, booked, withdrawn, cancelled };
    Stage stage = Stage::none;
    el::Time arrival{};
    std::string reason; // why it is cancelled
};

// clang-format off
inline Stay evolve(Stay stay, const Requested& event) { stay.stage = Stay::Stage::booked; stay.arrival = event.arrival; return stay; }
inline Stay evolve(Stay stay, const Confirmed&)       { return stay; }
inline Stay evolve(Stay stay, const Withdrawn&)       { stay.stage = Stay::Stage::withdrawn; return stay; }
inline Stay evolve(Stay stay, const Cancelled& event) { stay.stage = Stay::Stage::cancelled; stay.reason = event.reason; return stay; }
inline Stay evolve(Stay stay, const ReminderDue&)     { return stay; }
// clang-format on

inline constexpr std::int32_t nights_max = 60; // a decision looks at 64 views at most, and each night is one

inline el::result<void> validate(const Request& command)
{
    if (command.nights < 1 || command.nights > nights_max) {
        return el::refuse("wrong-number-of-nights", "A stay has 1 to 60 nights.");
    }
    if (command.cents < 1) return el::refuse("no-price", "A stay has a price.");
    return el::done();
}
inline el::result<Requested> decide(const Request& command, const Stay& stay)
{
    if (stay.stage != Stay::Stage::none) return el::refuse("stay-exists", "There is a stay with this number already.");
    if (command.arrival <= command.now) return el::refuse("arrival-has-passed", "The arrival has passed.");
    return Requested{command.guest, command.room, command.arrival, command.nights, command.cents};
}
inline el::result<std::optional<Withdrawn>> decide(const Withdraw& command, const Stay& stay)
{
    if (stay.stage == Stay::Stage::none) return el::refuse("no-such-stay", "There is no stay with this number.");
    if (stay.stage != Stay::Stage::booked) return std::nullopt;
    if (stay.arrival <= command.now) return el::refuse("guest-has-arrived", "The guest has arrived.");
    return Withdrawn{};
}

// A saga may not have heard yet that the guest has cancelled.
inline el::result<void> check_booked(const Stay& stay)
{
    if (stay.stage != Stay::Stage::booked) return el::refuse("stay-withdrawn", "The guest has cancelled.");
    return el::done();
}
inline el::result<Confirmed> decide(const Confirm& command, const Stay& stay)
{
    if (const auto booked = check_booked(stay); not booked) return booked.as_failure();
    return Confirmed{command.receipt, stay.arrival};
}
inline el::result<Cancelled> decide(const Cancel& command, const Stay&)
{
    return Cancelled{command.reason};
}
inline el::result<ReminderDue> decide(const Remind&, const Stay& stay)
{
    if (const auto booked = check_booked(stay); not booked) return booked.as_failure();
    return ReminderDue{};
}
static_assert(el::aggregate<Stay>);

} // namespace grand_hotel
