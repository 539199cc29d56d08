// The program of docs/sagas.md: a hotel that books stays.
#include "cards.hpp"
#include "sagas.hpp"

#include <eventloom/framework/time.hpp>
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
    sagas.add(group_reservation());
    sagas.add(billing());
    sagas.perform<Charge>(
        [&cards](const Charge& request, const el::CallKey& key) { return cards.charge(request, key); },
        {.at_once = 4, .per_second = 10, .attempt_time = std::chrono::seconds{30}});
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

// Sends a command about a stay, and says what has become of the stay when its saga can do nothing now.
template <class Command>
el::result<void> tell(el::Service& service, const std::string& saga, const std::string& stay, const Command& command,
                      el::Output& out)
{
    BOOST_OUTCOME_TRY(service.start());
    BOOST_OUTCOME_TRY(service.commands().send(StayId{stay}, command));
    const auto deadline = service.runtime().clock.now() + std::chrono::minutes{1};
    BOOST_OUTCOME_TRY(service.settle_saga(saga, stay, deadline, [&out] { return out.console().go_on(); }));
    BOOST_OUTCOME_TRY(const auto now, service.commands().load(StayId{stay}));
    out.say("Stay " + stay + " is " + now.stage);
    return el::done();
}

struct Arguments {
    std::string stay;
    std::string room;
    std::vector<std::string> rooms;
    std::int64_t price = 0;
    std::string arrival;
    std::string by;
    std::int32_t offline = 0;
};

void add_group_commands(el::CommandLine& line, const std::shared_ptr<Arguments>& arguments)
{
    const auto add = [&](const char* name, const char* about, const char* saga, auto command_of) {
        const auto command = line.app().add_subcommand(name, about);
        command.add_option("stay", arguments->stay, "Its number").required().check(el::identifier());
        line.on(command, [&line, arguments, saga, command_of](el::Output& out) -> el::result<void> {
            BOOST_OUTCOME_TRY(auto* const hotel, line.open<Hotel>(true));
            return tell(hotel->service(), saga, arguments->stay, command_of(*arguments), out);
        });
        return command;
    };
    const auto group = add("group", "Book a stay for a group", "group", [](const Arguments& typed) {
        std::vector<RoomId> rooms;
        for (const auto& room : typed.rooms) rooms.push_back(RoomId{room});
        return RequestGroup{rooms, typed.price * 100, el::parse_time(typed.arrival).value_or(el::Time{})};
    });
    group.add_option("--room", arguments->rooms, "Which room, once for each").required().one_word_each_time();
    group.add_option("--price", arguments->price, "What it costs").required().check(el::whole_number(1));
    group.add_option("--arrival", arguments->arrival, "When they come: 2030-06-01").required();
    const auto approve =
        add("approve", "Approve a group", "group", [](const Arguments& typed) { return Approve{typed.by}; });
    approve.add_option("by", arguments->by, "Who approves it").required();
    add("withdraw", "Withdraw a request for a group", "group", [](const Arguments&) { return Withdraw{}; });
    const auto price = [&](const el::Command& command) {
        command.add_option("price", arguments->price, "How much").required().check(el::whole_number(1));
    };
    price(add("checkout", "End a stay", "bill", [](const Arguments& typed) { return CheckOut{typed.price * 100}; }));
    price(
        add("pay", "Pay for a stay, or a part", "bill", [](const Arguments& typed) { return Pay{typed.price * 100}; }));
}

void set_up(el::CommandLine& line)
{
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
    line.used_when_opening(
        line.app().add_option("--offline", arguments->offline, "How many calls the card company does not answer"));

    const auto command = line.app().add_subcommand("book", "Book a stay");
    command.add_option("stay", arguments->stay, "Its number").required().check(el::identifier());
    command.add_option("room", arguments->room, "Which room").required().check(el::identifier());
    command.add_option("price", arguments->price, "What it costs").required().check(el::whole_number(1));
    line.on(command, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const hotel, line.open<Hotel>(true));
        return book(hotel->service(), arguments->stay, {RoomId{arguments->room}, arguments->price * 100}, out);
    });
    add_group_commands(line, arguments);
}

} // namespace hotel

int main(int argc, char** argv)
{
    return eventloom::run({"hotel", "Stays in a hotel.", hotel::set_up}, argc, argv);
}
