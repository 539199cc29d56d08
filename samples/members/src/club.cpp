#include "club.hpp"

#include <eventloom/messaging/subscriptions.hpp>
#include <eventloom/projections/projection.hpp>

namespace members {

el::Projected<TicketId, TicketRow> tickets()
{
    return el::projection<TicketId, TicketRow>("tickets", 1, [](TicketRow& row, const TicketOpened& event) {
        row = {event.member, event.about};
    });
}

el::result<std::unique_ptr<Analytics>> Analytics::open(const el::Runtime& runtime, const std::string& directory)
{
    BOOST_OUTCOME_TRY(auto counts, el::Database::open(runtime, {.directory = directory}));
    return std::make_unique<Analytics>(std::move(counts));
}

el::result<void> Analytics::count(const std::string& email)
{
    const auto domain = email.substr(email.find('@') + 1);
    BOOST_OUTCOME_TRY(const auto found, counts_->get(domain));
    el::Batch batch;
    batch.put(domain, std::to_string(found ? std::stoull(*found) + 1 : 1));
    return counts_->write(batch, el::Durability::synced);
}

el::result<std::map<std::string, std::uint64_t>> Analytics::counts() const
{
    std::map<std::string, std::uint64_t> counts;
    auto cursor = counts_->cursor();
    for (cursor.seek({}); cursor.valid(); cursor.next())
        counts[std::string{cursor.key()}] = std::stoull(std::string{cursor.value()});
    BOOST_OUTCOME_TRY(cursor.status());
    return counts;
}

// Each follows the log by itself: one that is down holds up nobody, and catches up.
void Club::subscribe()
{
    auto& subscriptions = service_->subscriptions();
    // A mail that is lost is worse than one that comes twice; and its key says that it is the same.
    subscriptions.add<el::at_least_once>(
        {.name = "mail"},
        el::hearing<Member>(
            [mailer = mailer_.get()](const Registered& event, const el::Heard& heard) -> el::result<void> {
                return mailer->send({event.email, "Welcome", "Welcome, " + event.name + "."}, heard.key);
            },
            [mailer = mailer_.get()](const EmailChanged& event, const el::Heard& heard) -> el::result<void> {
                return mailer->send(
                    {event.to, "Your new address", "You have changed your address, " + event.name + "."}, heard.key);
            }));
    // A member that is not counted is no harm; one that is counted twice is.
    subscriptions.add<el::at_most_once>(
        {.name = "analytics"},
        el::hearing<Member>([analytics = analytics_.get()](const Registered& event) -> el::result<void> {
            return analytics->count(event.email);
        }));
    // The ticket is in the log, in one append with the place up to which the subscription has heard.
    subscriptions.add<el::exactly_once>(
        {.name = "customer-service"},
        el::hearing<Member>([](const EmailChanged& event, const el::Heard& heard) -> el::result<el::Effects> {
            return el::effects().append(TicketId{to_string(heard.key)}, el::ExpectedVersion::no_stream(),
                                        TicketOpened{el::id_of_stream<Member>(heard.event.stream),
                                                     "changed the address from " + event.from + " to " + event.to});
        }));
}

el::result<std::unique_ptr<Club>> Club::open(const el::Runtime& runtime, const std::string& directory,
                                             const ClubOptions& options, bool create_if_missing)
{
    auto club = std::make_unique<Club>();
    BOOST_OUTCOME_TRY(club->service_,
                      el::Service::open(runtime, {.directory = directory, .create_if_missing = create_if_missing}));
    club->mailer_ = std::make_unique<Mailer>(options.mail_server);
    BOOST_OUTCOME_TRY(club->analytics_, Analytics::open(runtime, directory + "/analytics"));
    BOOST_OUTCOME_TRY(club->tickets_, club->service_->projections().add(members::tickets()));
    club->subscribe();
    return club;
}

} // namespace members
