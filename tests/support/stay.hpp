// A hotel for tests of sagas: a stay is requested, approved and paid, and may be withdrawn at any moment; rooms are held; a card
// company charges and refunds.
#pragma once

#include "support/every_store.hpp"
#include "support/kept_log.hpp"

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/sagas/migration.hpp>
#include <eventloom/sagas/saga.hpp>
#include <eventloom/sagas/sagas.hpp>
#include <eventloom/storage/system_files.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace stay_test {

using namespace eventloom;
using namespace eventloom::testing;
using namespace std::chrono_literals;

// clang-format off
struct Requested { int cents = 0; };
struct Approved  { std::string by; };
struct Withdrawn {};
struct Noted     { std::string what; };
struct Request   { int cents = 0; };
struct Approve   { std::string by; };
struct Withdraw  {};
struct Note      { std::string what; };
struct Stay {
    static constexpr auto category = "stay";
    using Events = events<event<"stay-requested", Requested>, event<"stay-approved", Approved>,
                          event<"stay-withdrawn", Withdrawn>, event<"stay-noted", Noted>>;
};
template <event_of<Stay> Fact>
Stay evolve(Stay stay, const Fact&) { return stay; }
inline result<Requested> decide(const Request& command, const Stay&) { return Requested{command.cents}; }
inline result<Approved> decide(const Approve& command, const Stay&)  { return Approved{command.by}; }
inline result<Withdrawn> decide(const Withdraw&, const Stay&)        { return Withdrawn{}; }
inline result<Noted> decide(const Note& command, const Stay&)        { return Noted{command.what}; }
static_assert(aggregate<Stay>);
using StayId = id<Stay>;

struct Held     { std::string stay; };
struct Released { std::string stay; };
struct Hold     { std::string stay; };
struct Release  { std::string stay; };
struct Room {
    static constexpr auto category = "room";
    using Events = events<event<"room-held", Held>, event<"room-released", Released>>;
    std::string stay;
};
inline Room evolve(Room room, const Held& event)     { room.stay = event.stay; return room; }
inline Room evolve(Room room, const Released&)       { room.stay.clear(); return room; }
inline result<Held> decide(const Hold& command, const Room& room)
{
    if (not room.stay.empty()) return refuse("taken", "The room is taken.");
    return Held{command.stay};
}
inline result<std::optional<Released>> decide(const Release& command, const Room& room)
{
    if (room.stay != command.stay) return std::nullopt;
    return Released{command.stay};
}
static_assert(aggregate<Room>);
using RoomId = id<Room>;

struct Slip   { std::string number; };
struct Charge { using answer = Slip; std::string stay; int cents = 0; };
struct Refund { using answer = Slip; std::string stay; };
// clang-format on

// What a saga of a stay knows.
struct Booking {
    StayId stay;
    int cents = 0;
    std::string slip;
    std::string approved_by;
};

inline auto begins_with_request()
{
    return begins{[](const StayId& stay, const Requested& event) { return Booking{stay, event.cents, "", ""}; }};
}
inline auto hold_the_room()
{
    return step(
        "hold the room",
        act{[](const Booking& booking) { return send(RoomId{booking.stay.value}, Hold{booking.stay.value}); }},
        undo{[](const Booking& booking) { return send(RoomId{booking.stay.value}, Release{booking.stay.value}); }});
}
inline auto charge_the_card()
{
    return step("charge", act{[](const Booking& booking) {
                    return call(Charge{booking.stay.value, booking.cents});
                }},
                keep{[](Booking& booking, const Slip& slip) { booking.slip = slip.number; }},
                undo{[](const Booking& booking) { return call(Refund{booking.stay.value}); }},
                retry{.times = 5, .first_wait = 1s}, deadline{15min});
}
inline auto note(std::string what)
{
    return step(what, act{[what](const Booking& booking) { return send(booking.stay, Note{what}); }},
                undo{[what](const Booking& booking) { return send(booking.stay, Note{"not " + what}); }});
}
inline auto say_why_it_failed()
{
    return failed{[](const Booking& booking, const failure& why) { return send(booking.stay, Note{why.code}); }};
}

// The card company: charges once for each key. It may answer later, or never.
struct Cards {
    std::map<CallKey, std::string> charged;
    std::map<CallKey, std::string> refunded;
    std::vector<std::function<void()>> unanswered;
    std::vector<CallKey> keys;
    bool is_silent = false;
    bool declines  = false;
    bool later     = false; // its answers come from elsewhere
    int fails      = 0;
    int asked      = 0;

    void charge(const Charge& request, const CallKey& key, std::function<void(result<Slip>)> done);
    void answer_all();
};

// The hotel's process over a store, with one saga, in virtual time.
struct House {
    explicit House(Saga saga, std::uint64_t seed = 1, ActivityOptions activity = {},
                   const StoreKind& kind = every_store().front());

    SimulatedExecutor simulated;
    KeptLog log;
    Runtime runtime;
    StoreUnderTest store;
    TemporaryDirectory directory;
    Cards cards;
    std::vector<Saga> versions;
    std::vector<SagaMigration> migrations;
    ActivityOptions activity;
    std::unique_ptr<CommandBus> commands;
    std::unique_ptr<EventBus> bus;
    std::unique_ptr<Sagas> sagas;

    void open();
    void close();
    void kill(); // nothing of the process is left, the disk is
    void restart();
    void request(const std::string& stay, int cents = 100);
    void settle() { REQUIRE(sagas->settle(simulated.now())); }
    void finish() { REQUIRE(sagas->finish(simulated.now() + 24h * 30)); }
    SagaInstance instance(const std::string& stay);
    std::vector<std::string> notes(const std::string& stay);
    std::vector<std::string> types_of(const std::string& stream);
};

} // namespace stay_test
