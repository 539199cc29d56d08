// The program of docs/sagas.md: a hotel whose only command books a stay.
#include "cards.hpp"
#include "sagas.hpp"

#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

namespace hotel {

struct Hotel final : el::OpenService {
    el::Service& service() override { return *opened; }

    CardCompany cards; // lives longer than the service, which calls it
    std::unique_ptr<el::Service> opened;
};

void add_sagas(el::Sagas& sagas, CardCompany& cards)
{
    sagas.add(reservation()); // for instances that have begun with version 1
    sagas.add(paid_reservation());
    sagas.perform<Charge>(
        [&cards](const Charge& request, const el::CallKey& key) { return cards.charge(request, key); });
    sagas.perform<Refund>(
        [&cards](const Refund& request, const el::CallKey& key) { return cards.refund(request, key); });
}

el::result<void> book(el::Service& service, const std::string& stay, const Request& request, el::Output& out)
{
    BOOST_OUTCOME_TRY(service.start());
    BOOST_OUTCOME_TRY(service.commands().send(StayId{stay}, request));
    const auto deadline = service.runtime().clock.now() + std::chrono::minutes{1};
    BOOST_OUTCOME_TRY(service.finish_saga("reservation", stay, deadline, [&out] { return out.console().go_on(); }));

    BOOST_OUTCOME_TRY(const auto instance, service.sagas().find("reservation", stay));
    if (instance->status == el::SagaStatus::stuck) {
        return el::fail(el::Failure::unavailable, "booking-stuck",
                        "booked stay " + stay + " and found that its saga is stuck (" + instance->why->reason +
                            "); `hotel sagas retry reservation " + stay + "` continues it");
    }
    BOOST_OUTCOME_TRY(const auto now, service.commands().load(StayId{stay}));
    out.say("Stay " + stay + " is " + now.stage);
    return el::done();
}

void set_up(el::CommandLine& line)
{
    struct Arguments {
        std::string stay;
        std::string room;
        std::int64_t price   = 0;
        std::int32_t offline = 0;
    };
    const auto arguments = std::make_shared<Arguments>();
    line.opens([arguments](const el::Runtime& runtime, const std::string& directory,
                           bool create_if_missing) -> el::result<std::unique_ptr<el::OpenService>> {
        auto hotel           = std::make_unique<Hotel>();
        hotel->cards.offline = arguments->offline;
        BOOST_OUTCOME_TRY(hotel->opened,
                          el::Service::open(runtime, {.directory = directory, .create_if_missing = create_if_missing}));
        add_sagas(hotel->opened->sagas(), hotel->cards);
        return std::unique_ptr<el::OpenService>{std::move(hotel)};
    });
    line.knows(el::event_types<Stay>());
    line.knows(el::event_types<Room>());
    line.looked_at_when_opening(
        line.app().add_option("--offline", arguments->offline, "How many calls the card company does not answer"));

    const auto command = line.app().add_subcommand("book", "Book a stay");
    command.add_option("stay", arguments->stay, "Its number").required().check(el::identifier());
    command.add_option("room", arguments->room, "Which room").required().check(el::identifier());
    command.add_option("price", arguments->price, "What it costs").required().check(el::whole_number(1));
    line.on(command, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const hotel, line.open<Hotel>(true));
        return book(hotel->service(), arguments->stay, {RoomId{arguments->room}, arguments->price * 100}, out);
    });
}

} // namespace hotel

int main(int argc, char** argv)
{
    return eventloom::run({"hotel", "Stays in a hotel.", hotel::set_up}, argc, argv);
}
