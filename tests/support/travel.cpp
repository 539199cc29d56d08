#include "support/travel.hpp"

#include <eventloom/framework/event_codec.hpp>
#include <eventloom/sagas/saga.hpp>

#include <catch2/catch.hpp>

#include <memory>
#include <mutex>

template const eventloom::EventTypes& eventloom::event_types<eventloom::testing::Trip>();
template const eventloom::EventTypes& eventloom::event_types<eventloom::testing::Flight>();
template const eventloom::EventTypes& eventloom::event_types<eventloom::testing::Hotel>();

namespace eventloom::testing {

using namespace std::chrono_literals;

static_assert(aggregate<Trip> && aggregate<Flight> && aggregate<Hotel>);

// clang-format off
Trip evolve(Trip trip, const TripBooked&)    { return trip; }
Trip evolve(Trip trip, const TripConfirmed&) { return trip; }
Trip evolve(Trip trip, const TripGivenUp&)   { return trip; }
result<TripBooked> decide(const Book& command, const Trip&)      { return TripBooked{command.seats}; }
result<TripConfirmed> decide(const Confirm&, const Trip&)        { return TripConfirmed{}; }
result<TripGivenUp> decide(const GiveUp& command, const Trip&)   { return TripGivenUp{command.reason}; }

Flight evolve(Flight flight, const SeatHeld&)     { flight.held = true; return flight; }
Flight evolve(Flight flight, const SeatReleased&) { flight.held = false; return flight; }

Hotel evolve(Hotel hotel, const RoomHeld&)     { hotel.held = true; return hotel; }
Hotel evolve(Hotel hotel, const RoomReleased&) { hotel.held = false; return hotel; }
result<RoomHeld> decide(const HoldRoom&, const Hotel&) { return RoomHeld{}; }
// clang-format on

result<std::optional<SeatHeld>> decide(const HoldSeat& command, const Flight&)
{
    if (command.seats > 2) return refuse("full", "There are two seats.");
    return SeatHeld{command.seats};
}

result<std::optional<SeatReleased>> decide(const ReleaseSeat&, const Flight& flight)
{
    if (not flight.held) return std::nullopt;
    return SeatReleased{};
}

result<std::optional<RoomReleased>> decide(const ReleaseRoom&, const Hotel& hotel)
{
    if (Hotel::closed) return refuse("hotel-closed", "Nobody is at the desk.");
    if (not hotel.held) return std::nullopt;
    return RoomReleased{};
}

void Card::charge(const ChargeCard& request, const CallKey& key, std::function<void(result<Slip>)> answer)
{
    ++asked;
    if (silent) {
        unanswered.push_back([answer] { answer(Slip{"late"}); });
        return;
    }
    if (failures > 0) {
        --failures;
        return answer(fail(Failure::unavailable, "line-dead", "Nobody picked up."));
    }
    if (declines || declines_trip == request.trip) return answer(refuse("declined", "The card was declined."));
    if (done.emplace(key, request.trip).second) ++charged[request.trip];
    answer(Slip{"slip-" + request.trip});
}

result<Slip> Card::refund(const RefundCard& request, const CallKey& key)
{
    ++refund_asked;
    if (done.emplace(key, request.trip).second && charged[request.trip] > refunded[request.trip])
        ++refunded[request.trip];
    return Slip{"back"};
}

void Card::answer_late()
{
    for (const auto& answer : std::exchange(unanswered, {})) answer();
}

namespace {

struct Booking {
    id<Trip> trip;
    int seats = 1;
    std::string slip;
};

Saga booking(std::uint32_t version)
{
    return saga<Booking>(
        "booking", version, begins{[](const id<Trip>& trip, const TripBooked& event) {
            return Booking{trip, event.seats, ""};
        }},
        step("hold seats", act{[](const Booking& booking) {
                 // More than one seat flies on two legs; the second takes as many as were asked for.
                 std::vector commands{send(id<Flight>{booking.trip.value}, HoldSeat{1})};
                 if (booking.seats > 1) {
                     commands.push_back(send(id<Flight>{booking.trip.value + "b"}, HoldSeat{booking.seats}));
                 }
                 return commands;
             }},
             undo{[](const Booking& booking) { return send(id<Flight>{booking.trip.value}, ReleaseSeat{}); }}),
        step("hold room", act{[](const Booking& booking) { return send(id<Hotel>{booking.trip.value}, HoldRoom{}); }},
             undo{[](const Booking& booking) { return send(id<Hotel>{booking.trip.value}, ReleaseRoom{}); }}),
        step("charge the card", act{[](const Booking& booking) { return call(ChargeCard{booking.trip.value}); }},
             keep{[](Booking& booking, const Slip& slip) { booking.slip = slip.number; }},
             undo{[](const Booking& booking) { return call(RefundCard{booking.trip.value}); }},
             retry{.times = 5, .first_wait = 1s}, deadline{48h}),
        step("confirm", act{[](const Booking& booking) { return send(booking.trip, Confirm{}); }}),
        failed{[](const Booking& booking, const failure& why) { return send(booking.trip, GiveUp{why.code}); }});
}

} // namespace

void add_booking(Sagas& sagas, Card& card, std::uint32_t version)
{
    sagas.add(booking(version));
    const auto one_at_a_time = std::make_shared<std::mutex>(); // activities run on all threads of an executor
    sagas.perform_async<ChargeCard>([&card, one_at_a_time](const ChargeCard& request, const CallKey& key, auto answer) {
        const std::lock_guard lock{*one_at_a_time};
        card.charge(request, key, answer);
    });
    sagas.perform<RefundCard>([&card, one_at_a_time](const RefundCard& request, const CallKey& key) {
        const std::lock_guard lock{*one_at_a_time};
        return card.refund(request, key);
    });
}

Agency::Agency(const Runtime& runtime, EventStore& store, const std::string& directory, Card& card,
               std::uint32_t version)
    : commands{runtime, store}, bus{runtime, store}, sagas{runtime, store, commands, bus, directory + "/sagas"}
{
    add_booking(sagas, card, version);
    REQUIRE(sagas.start());
}

} // namespace eventloom::testing
