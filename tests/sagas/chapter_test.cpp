// What docs/sagas.md shows.
#include "hotel/cards.hpp"
#include "hotel/sagas.hpp"

#include <eventloom/sagas/migration.hpp>
#include <eventloom/sagas/saga.hpp>

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <random>

namespace sagas_chapter_test {

using namespace hotel;
using namespace std::chrono_literals;

// A directory of its own for each test.
class TemporaryDirectory {
public:
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    const std::string& path() const { return path_; }

private:
    const std::string path_ =
        (std::filesystem::temp_directory_path() / ("hotel-" + std::to_string(std::random_device{}()))).string();
};

// A hotel in virtual time, with its log in memory.
struct Machine {
    el::SimulatedExecutor simulated{1};
    const el::Runtime runtime{simulated, simulated, simulated, el::system_files()};
    const std::unique_ptr<el::EngineKind> memory = el::memory_engine();
    const TemporaryDirectory directory;
    CardCompany cards;
    std::unique_ptr<el::Service> service = open(2);

    std::unique_ptr<el::Service> open(std::uint32_t version)
    {
        auto opened = el::Service::open(runtime, {.directory = directory.path(), .engine = memory.get()}).value();
        opened->sagas().add(reservation());
        if (version == 2) opened->sagas().add(paid_reservation());
        opened->sagas().add(group_reservation());
        opened->sagas().add(billing());
        opened->sagas().perform<Charge>(
            [this](const Charge& charge, const el::CallKey& key) { return cards.charge(charge, key); });
        opened->sagas().perform<Refund>(
            [this](const Refund& refund, const el::CallKey& key) { return cards.refund(refund, key); });
        REQUIRE(opened->start());
        return opened;
    }

    // As after a power cut: what was not stored is gone. The log is there again.
    void restart()
    {
        service.reset();
        simulated.drop_everything();
        service = open(2);
    }

    void request(const StayId& stay, std::int64_t cents)
    {
        REQUIRE(service->commands().send(stay, Request{RoomId{"12"}, cents}));
    }

    void request_for_group(const StayId& stay, std::int64_t cents)
    {
        REQUIRE(service->commands().send(
            stay, RequestGroup{{RoomId{"12"}, RoomId{"13"}}, cents, simulated.now() + 24h * 30}));
    }

    // Until nothing can go on now: all have ended, are stuck, or wait.
    void settle() { REQUIRE(service->settle(simulated.now() + 1h)); }

    // The instance, when it has ended or is stuck.
    el::SagaInstance finished(const StayId& stay, std::string_view saga = "reservation")
    {
        const auto go_on = [] { return el::done(); };
        REQUIRE(service->finish_saga(saga, stay.value, simulated.now() + 24h * 60, go_on));
        return instance(stay, saga);
    }
    el::SagaInstance instance(const StayId& stay, std::string_view saga = "reservation")
    {
        return *service->sagas().find(saga, stay.value).value();
    }

    std::string stage(const StayId& stay) { return service->commands().load(stay).value().stage; }
    bool is_free(const RoomId& room) { return service->commands().load(room).value().stay.value.empty(); }
};

TEST_CASE("the tests of the chapter on sagas", "[sagas][docs]")
{
    Machine hotel;
    const StayId stay{"17"};

    SECTION("it completes")
    {
        hotel.request(stay, 9'000);
        CHECK(hotel.finished(stay).status == el::SagaStatus::completed);
        CHECK(hotel.stage(stay) == "confirmed");
    }
    SECTION("a card that is declined gives the room back")
    {
        hotel.request(stay, 200'000);
        const auto saga = hotel.finished(stay);
        CHECK(saga.status == el::SagaStatus::compensated);
        CHECK(saga.why->code == "card-declined");
        CHECK(hotel.stage(stay) == "given up: charge the card: The card was declined.");
        CHECK(hotel.is_free(RoomId{"12"}));
    }
    SECTION("a call without an answer is made again, after a wait in virtual time")
    {
        hotel.cards.offline = 1;
        hotel.request(stay, 9'000);
        CHECK(hotel.finished(stay).status == el::SagaStatus::completed);
        CHECK(hotel.cards.charges() == 1);
    }
    SECTION("after a power cut it continues")
    {
        hotel.cards.offline = 1;
        hotel.request(stay, 9'000);
        hotel.simulated.run_until_idle(); // the first call has failed; the second is due in 100 ms
        hotel.restart();
        CHECK(hotel.finished(stay).status == el::SagaStatus::completed);
    }
}

TEST_CASE("the tests of the chapter on sagas that wait", "[sagas][docs]")
{
    Machine hotel;
    const StayId stay{"17"};
    hotel.request_for_group(stay, 70'000);
    hotel.settle();
    REQUIRE(hotel.instance(stay, "group").waits_for == "the event stay-approved");

    SECTION("approved, it waits for the day before, and completes")
    {
        REQUIRE(hotel.service->commands().send(stay, Approve{"Ada"}));
        hotel.settle();
        CHECK(hotel.instance(stay, "group").step == "the day before");
        hotel.simulated.advance(24h * 29);
        CHECK(hotel.finished(stay, "group").status == el::SagaStatus::completed);
    }
    SECTION("nobody approves it within two days")
    {
        hotel.simulated.advance(49h);
        CHECK(hotel.finished(stay, "group").why->code == "deadline-passed");
        CHECK(hotel.is_free(RoomId{"13"}));
    }
    SECTION("it is withdrawn")
    {
        REQUIRE(hotel.service->commands().send(stay, Withdraw{}));
        CHECK(hotel.finished(stay, "group").why->code == "cancelled");
        CHECK(hotel.is_free(RoomId{"12"}));
        CHECK(hotel.cards.charges() == 0);
    }
}

TEST_CASE("the tests of the chapter on sagas with handlers", "[sagas][handlers][docs]")
{
    Machine hotel;
    const StayId stay{"17"};
    hotel.request(stay, 9'000);
    hotel.settle();
    REQUIRE(hotel.service->commands().send(stay, CheckOut{8'000}));
    hotel.settle();

    SECTION("paid in two parts, it is over")
    {
        REQUIRE(hotel.service->commands().send(stay, Pay{3'000}));
        REQUIRE(hotel.service->commands().send(stay, Pay{5'000}));
        CHECK(hotel.finished(stay, "bill").status == el::SagaStatus::completed);
        hotel.simulated.advance(24h * 60);
        CHECK(hotel.service->commands().load(stay).value().reminders == 0);
    }
    SECTION("never paid, it is reminded of three times, and then the card is charged")
    {
        REQUIRE(hotel.service->commands().send(stay, Pay{3'000}));
        hotel.simulated.advance(24h * 14);
        hotel.restart();
        CHECK(hotel.service->commands().load(stay).value().reminders == 1);
        hotel.simulated.advance(24h * 21);
        CHECK(hotel.finished(stay, "bill").status == el::SagaStatus::completed);
        CHECK(hotel.service->commands().load(stay).value().reminders == 3);
        CHECK(hotel.stage(stay) == "paid");
    }
}

// What the two versions of a saga know.
struct Visit {
    StayId stay;
};
struct LongVisit {
    StayId stay;
    std::string receipt;
    std::int64_t cents = 0;
};

el::Saga visit_1()
{
    return el::saga<Visit>(
        "visit", 1, el::begins{[](const StayId& stay, const GroupRequested&) { return Visit{stay}; }},
        el::step("approval", el::await<Approved>{}),
        el::step("confirm", el::act{[](const Visit& saga) { return el::send(saga.stay, Confirm{}); }}));
}

el::Saga visit_2()
{
    return el::saga<LongVisit>(
        "visit", 2, el::begins{[](const StayId& stay, const GroupRequested& event) {
            return LongVisit{stay, "", event.cents};
        }},
        el::step("remind", el::act{[](const LongVisit& saga) { return el::send(saga.stay, Remind{}); }}),
        el::step("approval", el::await<Approved>{}),
        el::step("confirm", el::act{[](const LongVisit& saga) { return el::send(saga.stay, Confirm{saga.receipt}); }}));
}

TEST_CASE("an instance of the chapter is moved to the next version while it waits", "[sagas][migration][docs]")
{
    el::SimulatedExecutor simulated{1};
    const el::Runtime runtime{simulated, simulated, simulated, el::system_files()};
    const auto memory = el::memory_engine();
    const TemporaryDirectory directory;
    const auto open = [&](bool later) {
        auto service = el::Service::open(runtime, {.directory = directory.path(), .engine = memory.get()}).value();
        auto& sagas  = service->sagas();
        sagas.add(visit_1());
        if (later) {
            sagas.add(visit_2());
            sagas.add(el::migrates<Visit, LongVisit>("visit", 1, 2, [](const Visit& before) {
                return LongVisit{before.stay, "none", 0};
            }));
        }
        REQUIRE(service->start());
        return service;
    };
    auto service = open(false);
    REQUIRE(service->commands().send(StayId{"17"}, RequestGroup{{}, 9'000, {}}));
    REQUIRE(service->settle(simulated.now() + 1h));

    service.reset();
    service = open(true);
    REQUIRE(service->sagas().migrate("visit", "17", "guests are reminded now"));
    REQUIRE(service->commands().send(StayId{"17"}, Approve{"Ada"}));
    REQUIRE(service->settle(simulated.now() + 1h));
    const auto visit = service->sagas().show("visit", "17").value();
    CHECK(visit.instance.status == el::SagaStatus::completed);
    CHECK(visit.instance.version == 2);
    CHECK(service->commands().load(StayId{"17"}).value().reminders == 1);
    CHECK(service->commands().load(StayId{"17"}).value().stage == "confirmed");
}

TEST_CASE("a group of the chapter that costs little needs no approval", "[sagas][docs]")
{
    Machine hotel;
    const StayId stay{"17"};
    hotel.request_for_group(stay, 20'000);
    hotel.settle();
    CHECK(hotel.instance(stay, "group").step == "the day before");
    CHECK(hotel.service->sagas().cancel("group", "17", "too late").error().code == "saga-past-no-return");
}

TEST_CASE("the card company of the chapter answers by a webhook", "[sagas][docs]")
{
    Machine hotel;
    const StayId stay{"17"};
    hotel.cards.answers_later = true;
    hotel.request(stay, 9'000);
    hotel.settle();
    hotel.restart();
    hotel.simulated.advance(20h);
    const el::CallKey key = hotel.cards.key_to_answer();
    REQUIRE(hotel.service->sagas().answer<Charge>(key, Receipt{"receipt-17"}));
    CHECK(hotel.finished(stay).status == el::SagaStatus::completed);
    CHECK(hotel.service->sagas().answer<Charge>(key, Receipt{"again"}).error().code == "no-such-call");
}

TEST_CASE("a saga of the chapter that is stuck continues with a retry", "[sagas][docs]")
{
    Machine hotel;
    const StayId stay{"17"};
    hotel.cards.offline = 6; // three calls of the step, and three of its undo
    hotel.request(stay, 9'000);
    const auto saga = hotel.finished(stay);
    CHECK(saga.status == el::SagaStatus::stuck);
    CHECK(saga.step == "charge the card");
    CHECK(saga.why->code == "company-offline");
    REQUIRE(hotel.service->sagas().retry("reservation", stay.value));
    CHECK(hotel.finished(stay).status == el::SagaStatus::compensated);
    CHECK(hotel.is_free(RoomId{"12"}));
}

TEST_CASE("the first saga of the chapter works, and its version stays beside the second", "[sagas][docs]")
{
    Machine hotel;
    hotel.service.reset();
    hotel.service = hotel.open(1);
    hotel.request(StayId{"1"}, 9'000);
    CHECK(hotel.finished(StayId{"1"}).version == 1);
    CHECK(hotel.stage(StayId{"1"}) == "confirmed");
    hotel.request(StayId{"2"}, 9'000);
    CHECK(hotel.finished(StayId{"2"}).status == el::SagaStatus::compensated);
    CHECK(hotel.stage(StayId{"2"}) == "given up: The room is taken.");

    hotel.restart();
    hotel.request(StayId{"3"}, 9'000);
    CHECK(hotel.finished(StayId{"3"}).version == 2);
}

TEST_CASE("a saga of the chapter also begins for the events that happened before it was added", "[sagas][docs]")
{
    Machine hotel;
    const StayId stay{"17"};
    hotel.service.reset();
    std::filesystem::remove_all(hotel.directory.path() + "/sagas");
    const el::ServiceOptions options{.directory = hotel.directory.path(), .engine = hotel.memory.get()};
    hotel.service = el::Service::open(hotel.runtime, options).value(); // without sagas
    hotel.request(stay, 9'000);
    hotel.restart();
    CHECK(hotel.finished(stay).status == el::SagaStatus::completed);
}

} // namespace sagas_chapter_test
