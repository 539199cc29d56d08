// What docs/sagas.md shows.
#include "hotel/cards.hpp"
#include "hotel/sagas.hpp"
#include "support/every_store.hpp"

#include <eventloom/eventstore/engines.hpp>
#include <eventloom/service/service.hpp>
#include <eventloom/storage/system_files.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

namespace sagas_chapter_test {

using namespace hotel;
using namespace std::chrono_literals;
using eventloom::testing::TemporaryDirectory;

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

    // The instance, when it has ended or is stuck.
    el::SagaInstance finished(const StayId& stay)
    {
        const auto go_on = [] { return el::done(); };
        REQUIRE(service->finish_saga("reservation", stay.value, simulated.now() + 48h, go_on));
        return *service->sagas().find("reservation", stay.value).value();
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
