// What the front desk types: four commands.
#include "reservation.hpp"
#include "reservation_rows.hpp"

#include <eventloom/service/command_line.hpp>
#include <eventloom/service/service.hpp>

namespace hotel {

// The running hotel, as the program opens it.
struct Hotel final : el::OpenService {
    el::Service& service() override { return *opened; }

    std::unique_ptr<el::Service> opened;
    std::optional<el::Table<ReservationId, Stay>> stays;
};

namespace {

template <class Command>
el::result<void> send(Hotel& hotel, const std::string& reservation, const Command& command, el::Output& out)
{
    auto& service = hotel.service();
    BOOST_OUTCOME_TRY(service.start());
    BOOST_OUTCOME_TRY(const auto receipt, service.commands().send(ReservationId{reservation}, command));
    const auto deadline = service.runtime().clock.now() + std::chrono::minutes{1};
    return service.wait_for(receipt.position, deadline, [&out] { return out.console().go_on(); });
}

} // namespace

void add_reservations(el::CommandLine& line)
{
    struct Arguments {
        std::string reservation;
        std::string guest;
        std::string room;
        std::int64_t cents = 0;
        int nights         = 1;
        int persons        = 1;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto reservations =
        line.app().add_subcommand("reservations", "Reservations: request, check-in, check-out, list");
    reservations.require_subcommand();

    const auto request = reservations.add_subcommand("request", "Ask for a room from today on");
    request.add_option("reservation", arguments->reservation, "Its number").required().check(el::identifier());
    request.add_option("--guest", arguments->guest, "For whom").required().check(el::identifier());
    request.add_option("--room", arguments->room, "Which").required().check(el::identifier());
    request.add_option("--nights", arguments->nights, "How long (default 1)").check(el::whole_number(1, 365));
    request.add_option("--cents", arguments->cents, "The price").check(el::whole_number());
    line.on(request, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const hotel, line.open<Hotel>(true));
        const auto today = std::chrono::floor<std::chrono::days>(line.runtime().clock.now());
        BOOST_OUTCOME_TRY(send(*hotel, arguments->reservation,
                               Request{GuestId{arguments->guest}, RoomId{arguments->room}, today,
                                       today + std::chrono::days{arguments->nights}, Money{arguments->cents}},
                               out));
        out.say(arguments->room + " is requested for " + arguments->guest + ".");
        return el::done();
    });

    const auto check_in = reservations.add_subcommand("check-in", "A guest arrives");
    check_in.add_option("reservation", arguments->reservation, "Its number").required().check(el::identifier());
    check_in.add_option("--persons", arguments->persons, "How many (default 1)").check(el::whole_number(1, 8));
    line.on(check_in, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const hotel, line.open<Hotel>());
        return send(*hotel, arguments->reservation, CheckIn{"passport", arguments->persons}, out);
    });

    const auto check_out = reservations.add_subcommand("check-out", "A guest leaves");
    check_out.add_option("reservation", arguments->reservation, "Its number").required().check(el::identifier());
    check_out.add_option("--minibar", arguments->cents, "What was taken, in cents").check(el::whole_number());
    line.on(check_out, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const hotel, line.open<Hotel>());
        return send(*hotel, arguments->reservation, CheckOut{Money{arguments->cents}}, out);
    });

    const auto list = reservations.add_subcommand("list", "All reservations, or those of one guest");
    list.add_option("--guest", arguments->guest, "Only of this guest");
    line.on_rows(list, {"stays"}, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const hotel, line.open<Hotel>());
        BOOST_OUTCOME_TRY(const auto page,
                          arguments->guest.empty() ? hotel->stays->all() : hotel->stays->by("guest", arguments->guest));
        el::TableRows rows;
        for (const auto& [reservation, row] : page.rows) {
            rows.push_back({reservation.value, row.guest.value, row.room.value, el::time_text(row.from), row.stage});
        }
        out.table({{"reservation"}, {"guest"}, {"room"}, {"from"}, {"stage"}}, rows);
        return el::done();
    });
}

} // namespace hotel
