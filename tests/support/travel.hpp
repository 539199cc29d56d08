// A travel agency, for tests of sagas: flights and hotels hold places, a card is charged, and each of them can say no.
#pragma once

#include <eventloom/framework/aggregate.hpp>
#include <eventloom/sagas/sagas.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace eventloom::testing {

struct TripBooked {
    int seats = 1;
};
struct TripConfirmed {};
struct TripGivenUp {
    std::string reason;
};
struct Book {
    int seats = 1;
};
struct Confirm {};
struct GiveUp {
    std::string reason;
};
struct Trip {
    static constexpr auto category = "trip";
    using Events                   = events<event<"trip-booked", TripBooked>, event<"trip-confirmed", TripConfirmed>,
                          event<"trip-given-up", TripGivenUp>>;
};
Trip evolve(Trip trip, const TripBooked&);
Trip evolve(Trip trip, const TripConfirmed&);
Trip evolve(Trip trip, const TripGivenUp&);
result<TripBooked> decide(const Book& command, const Trip& trip);
result<TripConfirmed> decide(const Confirm& command, const Trip& trip);
result<TripGivenUp> decide(const GiveUp& command, const Trip& trip);

struct SeatHeld {
    int seats = 1;
};
struct SeatReleased {};
struct HoldSeat {
    int seats = 1;
};
struct ReleaseSeat {};
struct Flight {
    static constexpr auto category = "flight";
    using Events                   = events<event<"seat-held", SeatHeld>, event<"seat-released", SeatReleased>>;
    bool held                      = false;
};
Flight evolve(Flight flight, const SeatHeld&);
Flight evolve(Flight flight, const SeatReleased&);
result<std::optional<SeatHeld>> decide(const HoldSeat& command, const Flight& flight);
result<std::optional<SeatReleased>> decide(const ReleaseSeat& command, const Flight& flight);

struct RoomHeld {};
struct RoomReleased {};
struct HoldRoom {};
struct ReleaseRoom {};
struct Hotel {
    static constexpr auto category = "hotel";
    using Events                   = events<event<"room-held", RoomHeld>, event<"room-released", RoomReleased>>;
    bool held                      = false;
    static inline bool closed      = false; // refuses releases
};
Hotel evolve(Hotel hotel, const RoomHeld&);
Hotel evolve(Hotel hotel, const RoomReleased&);
result<RoomHeld> decide(const HoldRoom& command, const Hotel& hotel);
result<std::optional<RoomReleased>> decide(const ReleaseRoom& command, const Hotel& hotel);

struct Slip {
    std::string number;
};
struct ChargeCard {
    using answer = Slip;
    std::string trip;
};
struct RefundCard {
    using answer = Slip;
    std::string trip;
};

// The card's company: acts once for each key, whatever it is asked.
struct Card {
    bool declines = false;
    std::string declines_trip;
    int failures     = 0; // calls that fail before one succeeds
    bool silent      = false;
    int asked        = 0;
    int refund_asked = 0;
    std::map<CallKey, std::string> done;
    std::map<std::string, int> charged;
    std::map<std::string, int> refunded;
    std::vector<std::function<void()>> unanswered;

    void charge(const ChargeCard& request, const CallKey& key, std::function<void(result<Slip>)> answer);
    result<Slip> refund(const RefundCard& request, const CallKey& key);
    void answer_late();
};

// The saga that books a trip, with what it calls.
void add_booking(Sagas& sagas, Card& card, std::uint32_t version = 1);

// The agency's process: buses and sagas over a store that outlives it.
struct Agency {
    Agency(const Runtime& runtime, EventStore& store, const std::string& directory, Card& card,
           std::uint32_t version = 1);

    CommandBus commands;
    EventBus bus;
    Sagas sagas;
};

} // namespace eventloom::testing
