#include "commands.hpp"

#include "front_desk.hpp"
#include "receipts.hpp"

#include <eventloom/service/output.hpp>

namespace grand_hotel {

namespace {

// Why a booking has not been taken further.
std::string is_requested(Hotel& hotel, const std::string& stay)
{
    const bool is_paused = hotel.service().sagas().paused().contains("booking");
    return "Stay " + stay + " is requested, and " +
           (is_paused ? "no room is held yet: bookings are paused." : "more is to come.");
}

void add_book(el::CommandLine& line)
{
    struct Arguments {
        std::string stay, room, arrival, guest;
        std::int32_t nights = 1;
        std::int64_t price  = 0;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto command   = line.app().add_subcommand("book", "Book a room; it must be paid within 15 minutes");
    command.add_option("stay", arguments->stay, "The number of the new booking").required().check(el::identifier());
    command.add_option("room", arguments->room, "Which room").required().check(el::identifier());
    command.add_option("--arrival", arguments->arrival, "When").required().check(el::point_in_time());
    command.add_option("--nights", arguments->nights, "How many nights").check(el::whole_number(1, nights_max));
    command.add_option("--price", arguments->price, "For the whole stay, in euros")
        .required()
        .check(el::whole_number(1, 1'000'000));
    command.add_option("--guest", arguments->guest, "Who comes").required();
    line.on(command, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const hotel, line.open<Hotel>(true));
        const StayId stay{arguments->stay};
        const Request request{.guest   = arguments->guest,
                              .room    = RoomId{arguments->room},
                              .arrival = el::parse_time(arguments->arrival).value(),
                              .nights  = arguments->nights,
                              .cents   = arguments->price * 100,
                              .now     = line.runtime().clock.now()};
        BOOST_OUTCOME_TRY(const auto now, tell(hotel->service(), stay, request));
        if (now.stage == Stay::Stage::cancelled) {
            return el::refuse("not-booked", "Stay " + stay.value + " is not booked: " + now.reason);
        }
        const bool is_asked_for = hotel->outside().asked_for(stay).has_value();
        out.say(is_asked_for ? "Stay " + stay.value + " is booked, and waits for its payment."
                             : is_requested(*hotel, stay.value));
        return el::done();
    });
}

void add_cancel(el::CommandLine& line)
{
    const auto stay    = std::make_shared<std::string>();
    const auto command = line.app().add_subcommand("cancel", "Cancel a booking; what was paid is given back");
    command.add_option("stay", *stay, "Its number").required().check(el::identifier());
    line.on(command, [&line, stay](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const hotel, line.open<Hotel>());
        BOOST_OUTCOME_TRY(const auto now, tell(hotel->service(), StayId{*stay}, Withdraw{line.runtime().clock.now()}));
        const bool is_over = now.stage == Stay::Stage::cancelled;
        out.say("Stay " + *stay + (is_over ? " is cancelled." : " is being cancelled."));
        return el::done();
    });
}

el::result<void> receive_and_say(Hotel& hotel, const el::CallKey& key, const std::string& receipt, el::Output& out)
{
    BOOST_OUTCOME_TRY(receive_payment(hotel, key, Receipt{receipt}));
    out.say("The payment " + receipt + " is received.");
    return el::done();
}

void add_webhook(el::CommandLine& line)
{
    struct Arguments {
        std::string key, receipt;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto payments  = line.app().add_subcommand("payments", "What the payment provider says: received");
    payments.require_subcommand();
    const auto command = payments.add_subcommand("received", "A guest has paid; called by the webhook");
    command.add_option("key", arguments->key, "The key with which the payment was asked for").required();
    command.add_option("receipt", arguments->receipt, "The number of the receipt").required();
    line.on(command, [&line, arguments](el::Output& out) -> el::result<void> {
        const auto key = el::parse_uuid(arguments->key);
        if (not key) {
            return el::fail(el::Failure::invalid, "wrong-usage",
                            "received a payment with the key \"" + arguments->key +
                                "\" and found that it is no UUID; take the one with which it was asked for");
        }
        BOOST_OUTCOME_TRY(auto* const hotel, line.open<Hotel>());
        return receive_and_say(*hotel, *key, arguments->receipt, out);
    });
}

// What a guest does at the provider, which then calls the webhook.
void add_pay(el::CommandLine& line)
{
    struct Arguments {
        std::string stay, receipt;
    };
    const auto arguments = std::make_shared<Arguments>();
    const auto command   = line.app().add_subcommand("pay", "Pay for a stay, as its guest does at the provider");
    command.add_option("stay", arguments->stay, "Its number").required().check(el::identifier());
    command.add_option("receipt", arguments->receipt, "The number of the receipt").required();
    line.on(command, [&line, arguments](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const hotel, line.open<Hotel>());
        const auto key = hotel->outside().asked_for(StayId{arguments->stay});
        if (not key) {
            BOOST_OUTCOME_TRY(hotel->service().sagas().open());
            BOOST_OUTCOME_TRY(const auto stay, hotel->service().commands().load(StayId{arguments->stay}));
            const bool is_to_come = stay.stage == Stay::Stage::booked;
            return el::refuse("not-asked-for", "No payment was asked for stay " + arguments->stay + "." +
                                                   (is_to_come ? " " + is_requested(*hotel, arguments->stay) : ""));
        }
        return receive_and_say(*hotel, *key, arguments->receipt, out);
    });
}

void add_bookings(el::CommandLine& line)
{
    const auto room    = std::make_shared<std::string>();
    const auto command = line.app().add_subcommand("bookings", "All bookings, or those of a room by their arrival");
    command.add_option("--room", *room, "Only those of this room").check(el::identifier());
    line.on_rows(command, {"bookings"}, [&line, room](el::Output& out) -> el::result<void> {
        BOOST_OUTCOME_TRY(auto* const hotel, line.open<Hotel>());
        const auto& bookings = hotel->bookings();
        BOOST_OUTCOME_TRY(const auto page, room->empty() ? bookings.all() : bookings.by("room", RoomId{*room}));
        el::TableRows rows;
        for (const auto& [stay, row] : page.rows) {
            rows.push_back({stay.value, row.room.value,
                            el::time_text(std::chrono::floor<std::chrono::seconds>(row.arrival)), row.nights, row.guest,
                            el::text_form<Stage>::write(row.stage), row.receipt.value_or(""), row.reminded,
                            row.reason});
        }
        out.table({{"stay"},
                   {"room"},
                   {"arrival"},
                   {"nights", el::Align::right},
                   {"guest"},
                   {"stage"},
                   {"receipt"},
                   {"reminded"},
                   {"reason"}},
                  rows);
        return el::done();
    });
}

} // namespace

void add_hotel(el::CommandLine& line)
{
    struct Options {
        std::string pay_within = "15m";
        std::string outside;
    };
    const auto options = std::make_shared<Options>();
    line.opens([options](const el::Runtime& runtime, const std::string& directory,
                         bool create_if_missing) -> el::result<std::unique_ptr<el::OpenService>> {
        const auto pay_within = el::parse_span(options->pay_within).value();
        const HotelOptions given{.pay_within = std::chrono::floor<std::chrono::milliseconds>(pay_within),
                                 .outside    = options->outside};
        BOOST_OUTCOME_TRY(auto hotel, Hotel::open(runtime, directory, given, create_if_missing));
        return std::unique_ptr<el::OpenService>{std::move(hotel)};
    });
    line.knows(el::event_types<Stay>());
    line.knows(el::event_types<Calendar>());
    line.knows(el::event_types<TakenReceipt>());
    const auto app = line.app();
    line.used_when_opening(
        app.add_option("--pay-within", options->pay_within, "How long a payment may take (default 15m)")
            .check(el::span_of_time()));
    line.used_when_opening(
        app.add_option("--outside", options->outside,
                       "The file that stands for the world outside (default: outside in the data directory)"));
    add_book(line);
    add_cancel(line);
    add_webhook(line);
    add_pay(line);
    add_bookings(line);
}

} // namespace grand_hotel
