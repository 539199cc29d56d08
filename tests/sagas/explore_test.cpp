// What an exploration finds in sagas with a mistake, and does not find in one without.
#include "support/stay.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/sagas/explore.hpp>
#include <eventloom/sagas/handlers.hpp>

#include <catch2/catch.hpp>

#include <set>

namespace stay_test {

namespace {

// clang-format off
struct RefundBySlip { using answer = Slip; std::string slip; };
struct HandOver     { using answer = Slip; std::string stay; };
// clang-format on

// What is outside: a card company and a porter. A flag is a mistake of theirs.
struct World {
    bool forgets_keys         = false;
    bool refuses_empty_refund = false;

    std::set<CallKey> acted             = {};
    std::map<std::string, int> charged  = {}; // by stay, in all
    std::map<std::string, int> money    = {}; // that the hotel has
    std::set<std::string> keys_in_hands = {}; // of stays

    bool is_new(const CallKey& key) { return acted.insert(key).second || forgets_keys; }

    result<Slip> charge(const Charge& request, const CallKey& key)
    {
        if (is_new(key)) {
            charged[request.stay] += request.cents;
            money[request.stay] += request.cents;
        }
        return Slip{"slip-" + request.stay};
    }
    // All that was charged for the stay.
    result<Slip> refund(const std::string& stay, const CallKey& key)
    {
        if (refuses_empty_refund && not charged.contains(stay)) return refuse("no-charge", "There is no such charge.");
        if (is_new(key)) money[stay] -= charged[stay];
        return Slip{"back"};
    }
    result<Slip> refund_by_slip(const std::string& slip, const CallKey& key)
    {
        if (slip.empty()) return Slip{"nothing"};
        return refund(slip.substr(std::string{"slip-"}.size()), key);
    }
    result<Slip> hand_over(const HandOver& request, const CallKey&)
    {
        keys_in_hands.insert(request.stay);
        return Slip{"key"};
    }
    void begin_anew() { *this = World{.forgets_keys = forgets_keys, .refuses_empty_refund = refuses_empty_refund}; }
};

bool is_completed(const Explored& run)
{
    const auto found = run.sagas.find("booking", "1");
    return found && found.value() && found.value()->status == SagaStatus::completed;
}

// One stay is requested, and may be withdrawn.
Exploration hotel(Saga saga, World& world)
{
    Exploration exploration{{std::move(saga)}, [](const Runtime& runtime) { return open_memory_store(runtime); }};
    exploration.resets([&world] { world.begin_anew(); });
    exploration.begins("a stay is requested",
                       [](Explored& run) { REQUIRE(run.commands.send(StayId{"1"}, Request{100})); });
    exploration.may_happen("the guest withdraws",
                           [](Explored& run) { REQUIRE(run.commands.send(StayId{"1"}, Withdraw{})); });
    exploration.perform<Charge>(
        [&world](const Charge& request, const CallKey& key) { return world.charge(request, key); });
    exploration.perform<Refund>(
        [&world](const Refund& request, const CallKey& key) { return world.refund(request.stay, key); });
    exploration.perform<RefundBySlip>(
        [&world](const RefundBySlip& request, const CallKey& key) { return world.refund_by_slip(request.slip, key); });
    exploration.perform<HandOver>(
        [&world](const HandOver& request, const CallKey& key) { return world.hand_over(request, key); });
    exploration.holds("the hotel has the money of completed stays",
                      [&world](Explored& run) { return world.money["1"] == (is_completed(run) ? 100 : 0); });
    exploration.holds("a guest with a key has paid",
                      [&world](Explored&) { return not world.keys_in_hands.contains("1") || world.money["1"] == 100; });
    exploration.holds("the room is held for completed stays", [](Explored& run) {
        const auto room = run.commands.load(RoomId{"1"});
        return room && room.value().stay == (is_completed(run) ? "1" : "");
    });
    return exploration;
}

auto hand_over_the_key()
{
    return step("hand over", act{[](const Booking& booking) { return call(HandOver{booking.stay.value}); }});
}

Saga careful()
{
    return saga<Booking>("booking", 1, begins_with_request(), cancelled_by<Withdrawn>{},
                         together(hold_the_room(), charge_the_card()), note("paid"), no_return{}, hand_over_the_key(),
                         say_why_it_failed());
}

// A mistake has been found with few deviations, which can be made again.
void check_found(const Exploration& exploration, const std::string& what, const std::string& path,
                 std::size_t deviations = 1)
{
    const auto report = exploration.run({.runs = 5'000, .seconds = 30});
    INFO(report.text());
    REQUIRE(report.mistake);
    CHECK(report.mistake->what.find(what) != std::string::npos);
    REQUIRE(report.mistake->path.size() == deviations);
    CHECK(report.mistake->path.front().find(path) != std::string::npos);
    const auto again = exploration.replay(report.mistake->deviations);
    REQUIRE(again.mistake);
    CHECK(again.mistake->what == report.mistake->what);
    CHECK(report.text().find("exploration.replay({{") != std::string::npos);
}

constexpr auto money = "the hotel has the money of completed stays";

} // namespace

TEST_CASE("an exploration finds nothing in a saga that is right, and says how much it saw", "[sagas][explore]")
{
    World world;
    const auto report = hotel(careful(), world).run({.runs = 1'500, .seconds = 60});
    WARN(report.text());
    CHECK(report.is_clean());
    CHECK(report.runs == 1'500);
    CHECK(report.whole >= 1);
    CHECK_FALSE(report.is_exhaustive);
}

TEST_CASE("an exploration finds a refund by a receipt that is not kept yet", "[sagas][explore]")
{
    World world;
    const auto by_slip = saga<Booking>(
        "booking", 1, begins_with_request(), cancelled_by<Withdrawn>{}, hold_the_room(),
        step("charge", act{[](const Booking& booking) {
                 return call(Charge{booking.stay.value, booking.cents});
             }},
             keep{[](Booking& booking, const Slip& slip) { booking.slip = slip.number; }},
             undo{[](const Booking& booking) { return call(RefundBySlip{booking.slip}); }}, deadline{15min}));
    check_found(hotel(by_slip, world), money, "Charge");
}

TEST_CASE("an exploration finds a missing undo", "[sagas][explore]")
{
    World world;
    const auto without_undo = saga<Booking>("booking", 1, begins_with_request(), hold_the_room(),
                                            step("charge", act{[](const Booking& booking) {
                                                     return call(Charge{booking.stay.value, booking.cents});
                                                 }}),
                                            note("paid"));
    check_found(hotel(without_undo, world), money, "Note");
}

TEST_CASE("an exploration finds an activity that acts again for the same key", "[sagas][explore]")
{
    World world{.forgets_keys = true};
    check_found(hotel(careful(), world), money, "Charge");
}

TEST_CASE("an exploration finds an undo that fails when nothing was done", "[sagas][explore]")
{
    World world{.refuses_empty_refund = true};
    check_found(hotel(careful(), world), "There is no such charge.", "");
}

TEST_CASE("an exploration finds a point of no return one step too late", "[sagas][explore]")
{
    World world;
    const auto too_late = saga<Booking>("booking", 1, begins_with_request(), cancelled_by<Withdrawn>{}, hold_the_room(),
                                        charge_the_card(), hand_over_the_key(), no_return{}, note("welcome"));
    // It must be handed over before it is known that it is too late to withdraw.
    check_found(hotel(too_late, world), "a guest with a key has paid", "", 2);
}

TEST_CASE("an exploration finds two steps side by side that undo each other's work", "[sagas][explore]")
{
    World world;
    const auto charge = [](const char* name, int cents) {
        return step(name, act{[cents](const Booking& booking) {
                        return call(Charge{booking.stay.value, cents});
                    }},
                    undo{[](const Booking& booking) { return call(Refund{booking.stay.value}); }}, deadline{15min});
    };
    const auto each_other = saga<Booking>("booking", 1, begins_with_request(), hold_the_room(),
                                          together(charge("the bed", 90), charge("the breakfast", 10)), note("paid"));
    check_found(hotel(each_other, world), money, "");
}

namespace {

struct Guarded {
    int cents = 0;
    bool paid = false;
};
struct TooLate {};
struct Departure {};

// A request that is approved within two days is charged, and the guest departs after five; one that is not is given up.
template <class... Approval>
Saga watching(Approval... approval)
{
    return saga<StayId, Guarded>(
        "booking", 1, begins_with<Requested>{},
        [](Guarded& watched, const StayId&, const Requested& event) -> actions {
            watched.cents = event.cents;
            return {wake(48h, TooLate{})};
        },
        std::move(approval)...,
        [](Guarded& watched, const StayId&, const Slip&) -> actions {
            watched.paid = true;
            return {wake(120h, Departure{})};
        },
        [](Guarded&, const StayId&, const Departure&) -> actions { return {end_saga()}; },
        [](Guarded&, const StayId& stay, const TooLate&) -> actions {
            return {send(stay, Note{"given up"}), fail_saga("overdue", "Nobody has approved it.")};
        });
}

Exploration hotel_with_approval(Saga saga, World& world)
{
    Exploration exploration{{std::move(saga)}, [](const Runtime& runtime) { return open_memory_store(runtime); }};
    exploration.resets([&world] { world.begin_anew(); });
    exploration.begins("a stay is requested",
                       [](Explored& run) { REQUIRE(run.commands.send(StayId{"1"}, Request{100})); });
    exploration.may_happen("it is approved",
                           [](Explored& run) { REQUIRE(run.commands.send(StayId{"1"}, Approve{"Ada"})); });
    exploration.perform<Charge>(
        [&world](const Charge& request, const CallKey& key) { return world.charge(request, key); });
    exploration.holds(money, [&world](Explored& run) { return world.money["1"] == (is_completed(run) ? 100 : 0); });
    return exploration;
}

} // namespace

TEST_CASE("an exploration finds a timer that is not taken back", "[sagas][explore]")
{
    World world;
    SECTION("it is not")
    {
        const auto forgets = watching([](Guarded& watched, const StayId& stay, const Approved&) -> actions {
            return {call(Charge{stay.value, watched.cents})};
        });
        check_found(hotel_with_approval(forgets, world), money, "it is approved");
    }
    SECTION("it is")
    {
        const auto right  = watching([](Guarded& watched, const StayId& stay, const Approved&) -> actions {
            return {wake_off<TooLate>(), call(Charge{stay.value, watched.cents})};
        });
        const auto report = hotel_with_approval(right, world).run({.runs = 1'500, .seconds = 60});
        WARN(report.text());
        CHECK(report.is_clean());
        CHECK(report.whole >= 1);
    }
}

} // namespace stay_test
